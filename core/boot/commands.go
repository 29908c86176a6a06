package boot

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/journal"
	"github.com/rempart/rempart/kit/mail"
	"github.com/rempart/rempart/verify"
)

// BreachedFile is the list that rempart passwords import writes in the data folder, taken at the next start.
const BreachedFile = "breached.list"

// Serve answers pages and API on l until ctx ends, then stops gracefully. What stands in front sees each request first.
func (h *House) Serve(ctx context.Context, l net.Listener, front ...func(http.Handler) http.Handler) error {
	handler := h.Handler()
	for _, f := range front {
		handler = f(handler)
	}
	defer h.served.note(l, false)()
	return h.server.ServeHandler(ctx, l, handler)
}

// ServeMetrics answers /metrics on its own listener until ctx ends.
func (h *House) ServeMetrics(ctx context.Context, l net.Listener) error {
	defer h.served.note(l, true)()
	return h.server.ServeMetrics(ctx, l)
}

// VerifyLog checks the whole log of one organization.
func (h *House) VerifyLog(ctx context.Context, org core.ID) (verify.Report, error) {
	return h.journal.Verify(ctx, org)
}

// JournalKey is the public key that verifies the journal, in the form of a C2SP verifier key.
func (h *House) JournalKey() string { return h.journal.Key().String() }

// ProvePolicies decides every combination of facts; holds is false when a counter-example stands in words.
func (h *House) ProvePolicies(ctx context.Context) (words string, holds bool, err error) {
	r, err := h.access.Prove(ctx)
	return r.String(), r.Holds(), err
}

// AllowStaff lists addresses (one or a block each) that provider staff may come from, beside those already listed: the way
// in after CreateAdmin, when staff is not at this machine.
func (h *House) AllowStaff(ctx context.Context, addresses ...string) error {
	return h.access.Admit(core.WithActor(ctx, core.System("admin.allow")), core.Platform, strings.Join(addresses, "\n"))
}

// MailBacklog tells what waits to leave.
func (h *House) MailBacklog(ctx context.Context) (mail.Backlog, error) { return h.mail.Backlog(ctx) }

// ExportJournal writes a log with the proof of every entry; form is "jsonl", "ocsf" or "csv". The reason and the export
// are entries themselves.
func (h *House) ExportJournal(ctx context.Context, org core.ID, form, reason string, w io.Writer) error {
	ctx = core.WithActor(ctx, core.System("journal.export"))
	x := h.journal.Explorer(h.gate, nil)
	if _, err := x.Open(ctx, org, reason); err != nil {
		return err
	}
	return x.Export(ctx, org, journal.Filter{}, journal.Format(form), w)
}
