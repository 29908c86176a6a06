package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/policies"
	"github.com/rempart/rempart/services"
	"github.com/rempart/rempart/verify"
)

// verifying is what rempart verify was asked.
type verifying struct {
	pack, clause, offline, key string
	json, last, every, self    bool
}

func (c *command) verify() *cobra.Command {
	var v verifying
	cmd := &cobra.Command{
		Use: "verify", Short: "Run the probes on the live system and tell how each clause stands; exits 1 when one in force is broken", Args: cobra.NoArgs,
		Long: "Run the probes of the clauses in force (of every policy that ships when none is) and print one line per clause. A server may\n" +
			"run on the same data. With --offline, check what \"rempart prove\" wrote, with the journal's public key alone: no database and no\n" +
			"trust in the machine that made it. With --self-test, plant every fault in throw-away instances and tell which probes see them.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case v.offline != "":
				return c.verifyBundle(v)
			case v.self:
				return c.verifySelf(cmd, v)
			}
			return c.verifyClauses(cmd, v)
		},
	}
	f := cmd.Flags()
	f.StringVar(&v.pack, "pack", "", "one policy, in force or not")
	f.StringVar(&v.clause, "clause", "", "one clause")
	f.BoolVar(&v.json, "json", false, "print JSON")
	f.BoolVar(&v.last, "last", false, "run nothing: print what was last seen")
	f.BoolVar(&v.every, "all", false, "policies that are not in force too")
	f.StringVar(&v.offline, "offline", "", "a bundle to check, from rempart prove, a receipt of erasure or of a consent")
	f.StringVar(&v.key, "key", "", "the journal's public key, or a file that holds it (with --offline)")
	f.BoolVar(&v.self, "self-test", false, "plant every fault and tell which ones the probes catch")
	return cmd
}

func (c *command) verifyBundle(v verifying) error {
	key := v.key
	if text, err := os.ReadFile(key); key != "" && err == nil {
		key = strings.TrimSpace(string(text))
	}
	f, err := os.Open(v.offline)
	if err != nil {
		return err
	}
	defer f.Close()
	file, err := io.ReadAll(io.LimitReader(f, 64<<20+1))
	if err != nil {
		return err
	}
	if verify.FormOf(file) == verify.ReceiptFormat {
		return c.verifyReceipt(file, v, key)
	}
	if verify.IsErasure(file) {
		return c.verifyErasure(file, v, key)
	}
	if verify.IsSandbox(file) {
		s, err := verify.CheckSandbox(bytes.NewReader(file), key)
		if err == nil {
			fmt.Fprint(c.out, s.String())
		}
		return err
	}
	report, err := verify.CheckBundle(bytes.NewReader(file), key)
	if err != nil {
		return err
	}
	if v.json {
		if err := c.printJSON(map[string]any{
			"pack": report.Pack, "clause": report.Clause, "status": report.Status, "made": report.Made, "sound": report.OK(), "trusted": report.Trusted, "wrong": report.Wrong,
		}); err != nil {
			return err
		}
	} else {
		fmt.Fprint(c.out, report.String())
	}
	if !report.OK() {
		return errTold
	}
	return nil
}

// verifyErasure checks a receipt of erasure, or the mail that brought it.
func (c *command) verifyErasure(file []byte, v verifying, key string) error {
	if key == "" {
		return usageError{fmt.Errorf("a receipt of erasure needs --key: it brings no key of its own")}
	}
	report, err := verify.CheckErasure(bytes.NewReader(file), key)
	if err != nil {
		return err
	}
	if v.json {
		return c.printJSON(report.ErasureReceipt)
	}
	fmt.Fprint(c.out, report.String())
	return nil
}

func (c *command) printJSON(value any) error {
	e := json.NewEncoder(c.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(value)
}

// clauseLine is one clause in JSON.
type clauseLine struct {
	Pack     string            `json:"pack"`
	Clause   string            `json:"clause"`
	Title    string            `json:"title"`
	Status   string            `json:"status"`
	InForce  bool              `json:"in_force"`
	Apart    bool              `json:"apart,omitempty"`
	Why      string            `json:"why"`
	Since    time.Time         `json:"since"`
	Evidence *time.Time        `json:"evidence,omitempty"`
	Probes   map[string]string `json:"probes,omitempty"`
}

func (c *command) verifyClauses(cmd *cobra.Command, v verifying) error {
	return c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
		began := time.Now()
		filter := boot.ClauseFilter{Pack: v.pack, Clause: v.clause, Every: v.every || v.clause != ""}
		list, sum, err := h.VerifyClauses(cmd.Context(), filter, !v.last)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fmt.Errorf("no such clause or policy")
		}
		took := time.Since(began)
		broken, force := 0, 0
		for _, one := range list {
			if one.Published {
				force++
				if one.Status == boot.ClauseBroken {
					broken++
				}
			}
		}
		if v.json {
			err = c.printJSON(map[string]any{"clauses": linesOfClauses(list), "summary": sum, "in_force": force, "broken_in_force": broken, "took_ms": took.Milliseconds()})
		} else {
			err = c.clauseTable(list, sum, force, took)
			if awaits, absent := h.AwaitsSetup(cmd.Context()); absent == nil && awaits {
				c.say("Nobody administers this platform yet, so that probes which act as its staff saw nothing: rempart serve prints the link of the set-up")
			}
		}
		if err == nil && broken > 0 {
			err = errTold
		}
		return err
	})(cmd, nil)
}

func linesOfClauses(list []boot.Clause) []clauseLine {
	lines := make([]clauseLine, len(list))
	for i, one := range list {
		l := clauseLine{
			Pack: one.Pack, Clause: one.ID, Title: one.Title.EN, Status: string(one.Status), InForce: one.Published, Apart: one.Apart,
			Why: one.Why.EN, Since: one.Since,
		}
		if !one.Evidence.IsZero() {
			l.Evidence = &list[i].Evidence
		}
		for _, p := range one.Probes {
			if l.Probes == nil {
				l.Probes = map[string]string{}
			}
			l.Probes[p.ID] = string(p.Status)
		}
		lines[i] = l
	}
	return lines
}

// words of statuses, in the table.
var statusWords = map[string]string{"held": "held", "broken": "BROKEN", "stale": "stale", "attested": "attested", "not_built": "not built", "outside": "outside"}

func (c *command) clauseTable(list []boot.Clause, sum boot.ClauseSummary, force int, took time.Duration) error {
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "CLAUSE\tSTATUS\tEVIDENCE\tPOLICY\tPROMISE")
	for _, one := range list {
		evidence := "-"
		if !one.Evidence.IsZero() {
			evidence = one.Evidence.Format("2006-01-02 15:04")
		}
		pack := one.Pack
		if !one.Published {
			pack = "(" + pack + ")"
		}
		why := one.Title.EN
		if one.Status != boot.ClauseHeld {
			why += ". " + one.Why.EN
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", one.ID, statusWords[string(one.Status)], evidence, pack, why)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	c.say("%s (%s)", sum, took.Round(10*time.Millisecond))
	if force == 0 {
		c.say("No policy is in force yet: rempart policy apply NAME --reason \"...\"")
	}
	return nil
}

func (c *command) verifySelf(cmd *cobra.Command, v verifying) error {
	r, err := boot.SelfTest(cmd.Context(), services.All, nil)
	if err != nil {
		return err
	}
	if v.json {
		if err := c.printJSON(r); err != nil {
			return err
		}
	} else {
		for _, part := range []struct {
			word string
			list []boot.Trying
		}{{"SURVIVED", r.Survivors}, {"unseen", r.Unseen}, {"false alarm", r.Alarms}} {
			for _, t := range part.list {
				c.say("%s: %s %s: %s", part.word, t.Probe, t.Fault, t.Why)
			}
		}
		for _, p := range r.Toothless {
			c.say("no fault is planted for %s", p)
		}
		c.say("%d of %d planted faults caught by %d probes: kill rate %.1f %% (%s)", r.Killed, r.Faults, r.Probes, 100*r.Rate(), r.Took)
	}
	if !r.Sound() {
		return errTold
	}
	return nil
}

func (c *command) prove() *cobra.Command {
	var pack, clause, out string
	cmd := &cobra.Command{
		Use: "prove", Short: "Write the proof of a clause: observations, journal entries, key; \"rempart verify --offline\" checks it anywhere", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if clause == "" {
				return usageError{fmt.Errorf("--clause is needed")}
			}
			return c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
				bundle, err := h.ProveClause(cmd.Context(), pack, clause)
				if err != nil {
					return err
				}
				if out == "" {
					_, err := fmt.Fprintf(c.out, "%s\n", bundle)
					return err
				}
				f, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
				if err != nil {
					return err
				}
				if _, err = f.Write(append(bundle, '\n')); err == nil {
					err = f.Sync()
				}
				if cerr := f.Close(); err == nil {
					err = cerr
				}
				if err == nil {
					c.say("%s written; check it with: rempart verify --offline %s --key '%s'", out, out, h.JournalKey())
				}
				return err
			})(cmd, nil)
		},
	}
	cmd.Flags().StringVar(&pack, "pack", "", "policy of the clause; the first that has it when empty")
	cmd.Flags().StringVar(&clause, "clause", "", "the clause")
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write, which must not exist; standard output when empty")
	return cmd
}

func (c *command) policyApply() *cobra.Command {
	var o boot.PolicyOrder
	var dry bool
	cmd := &cobra.Command{
		Use: "apply FILE|NAME", Short: "Publish a policy: from then on no setting can be weaker than it promises", Args: cobra.ExactArgs(1),
		Long: "Publish a policy that ships (its name) or any other (a file). Settings weaker than it promises are listed and nothing is done,\n" +
			"unless --tighten raises them. Client organizations are pinned to the version and told. Clauses that nothing can show yet are\n" +
			"published apart, never as held.",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Pack = args[0]
			if strings.ContainsAny(args[0], "./\\") {
				text, err := readPolicy(args[0])
				if err != nil {
					return err
				}
				o.Name, o.Source = filepath.Base(args[0]), text
			}
			return c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
				out, err := h.PublishPolicy(cmd.Context(), o, dry)
				if err != nil {
					return err
				}
				c.published(out, dry)
				return nil
			})(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&o.Tighten, "tighten", false, "raise the settings that are weaker than the policy promises")
	cmd.Flags().StringVar(&o.Reason, "reason", "", "why; kept in the journal")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be done, and do nothing")
	return cmd
}

// mostPolicy bounds the file of a policy.
const mostPolicy = 1 << 20

func readPolicy(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > mostPolicy {
		return nil, fmt.Errorf("%s: larger than 1 MiB", filepath.Base(path))
	}
	return os.ReadFile(path)
}

func (c *command) published(out boot.PolicyPublished, dry bool) {
	for _, g := range out.Gaps {
		switch {
		case g.Against != "":
			c.say("  %s: %s cannot be kept beside %s, which is in force", g.Key, g.Clause, g.Against)
		case g.Want == "":
			c.say("  %s: %s asks for a value that a person must give", g.Key, g.Clause)
		case dry:
			c.say("  %s: %s asks for %s, in force is %s", g.Key, g.Clause, g.Want, g.Value)
		default:
			c.say("  %s: %s, was %s (%s)", g.Key, g.Want, g.Value, g.Clause)
		}
	}
	for _, ch := range out.Changes {
		mark := "  "
		if ch.Effect == policies.Weaker {
			mark = "! "
		}
		c.say("%s%s %s", mark, ch.Clause, ch.What.EN)
	}
	for _, p := range out.Affected {
		if !p.SignedAt.IsZero() {
			c.say("  organization %s had signed version %s (%.12s) on %s", p.Org, p.Version, p.Hash, p.SignedAt.Format(time.DateOnly))
		}
	}
	held := len(out.Clauses) - len(out.Apart) - len(out.Withdrawn)
	word := "Published"
	if dry {
		word = "Would publish"
	} else if out.State != "in_force" {
		word = "Withdrawn"
	}
	c.say("%s: %s %s, number %d, hash %.12s: %d clauses promised, %d apart, %d withdrawn; %d organizations concerned",
		word, out.ID, out.Version, out.Number, out.Hash, held, len(out.Apart), len(out.Withdrawn), len(out.Affected))
	if len(out.Apart) > 0 {
		c.say("Apart, never shown as held: %s", strings.Join(out.Apart, ", "))
	}
}

func (c *command) policyWithdraw() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "withdraw NAME [CLAUSE...]", Short: "Take clauses of a published policy back, or the whole of it, in a new version; organizations are told", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
				out, err := h.WithdrawPolicy(cmd.Context(), boot.PolicyWithdrawal{Pack: args[0], Clauses: args[1:], Reason: reason})
				if err != nil {
					return err
				}
				c.published(out, false)
				return nil
			})(cmd, args)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; kept in the journal")
	return cmd
}
