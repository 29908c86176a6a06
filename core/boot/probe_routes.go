package boot

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/browse"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/ids"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tNone     = i18n.T("Sans compte, rien ne s'ouvre", "Without an account nothing opens")
	tNoneHeld = i18n.T("Adresses servies : %d. Sans session, les %d qui ne sont pas publiques ont toutes demandé de se connecter ; chacune des %d autres dit pourquoi elle est publique.", "Addresses served: %d. Without a session, the %d that are not public all asked to sign in; each of the %d others says why it is public.")
	tNoneOpen = i18n.T("Sans session, %s a répondu %d au lieu de demander de se connecter.", "Without a session, %s answered %d instead of asking to sign in.")
	tNoneMute = i18n.T("%s est ouverte à tous et ne dit pas pourquoi.", "%s is open to anyone and does not say why.")

	tProfile      = i18n.T("La plateforme ne demande que les données prévues", "The platform asks for the intended data only")
	tProfileHeld  = i18n.T("Colonnes gardées sur une personne : %d ; champs demandés : %d. Toutes et tous sont dans la liste prévue.", "Columns kept on a person: %d; fields asked: %d. All are in the intended list.")
	tProfileMore  = i18n.T("Hors de la liste prévue, la base garde : %s.", "Beyond the intended list, the database keeps: %s.")
	tProfileAsked = i18n.T("Hors de la liste prévue, un formulaire demande : %s.", "Beyond the intended list, a form asks for: %s.")
)

// Probes gives the probes that need the whole house.
func (c canaryTroops) Probes() []*core.Probe {
	return []*core.Probe{
		{ID: "account.none", Kind: core.BehaviourProbe, Title: probe.Text(tNone), Run: c.h.seeNone, Faults: []core.PlantedFault{welcoming, careless}},
		{ID: "account.profile", Kind: core.DataProbe, Title: probe.Text(tProfile), Run: c.h.seeProfile, Faults: []core.PlantedFault{curious, prying}},
		{ID: "identity.sealed", Kind: core.DataProbe, Title: probe.Text(tSealed), Run: c.h.seeSealed, Faults: []core.PlantedFault{inClear, inCode, inHex}},
		c.sandboxProbe(),
	}
}

var inPath = regexp.MustCompile(`\{[a-z_]+(\.\.\.)?\}`)

// seeNone walks every route without a session.
func (h *House) seeNone(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	routes := h.Routes()
	seen.Population, seen.Sample = len(routes), len(routes)
	open, v := 0, s.Visitor()
	for i, route := range routes {
		if route.Access.IsPublic() {
			if open++; route.Access.Why() == "" {
				seen.Why = probe.Text(tNoneMute, route.Pattern)
				return seen, nil
			}
			continue
		}
		if i%40 == 0 {
			v = s.Visitor() // one address may not ask for so much at once
		}
		a, err := knock(ctx, v, route)
		if err != nil {
			return seen, err
		}
		if a.Status != http.StatusUnauthorized && !a.Leads("/signin") {
			seen.Why = probe.Text(tNoneOpen, route.Pattern, a.Status)
			return seen, nil
		}
	}
	seen.Held, seen.Why = true, probe.Text(tNoneHeld, len(routes), len(routes)-open, open)
	return seen, nil
}

// knock asks for a route with ids that name nothing.
func knock(ctx context.Context, v *http.Client, route edge.Route) (probe.Answer, error) {
	method, path, _ := strings.Cut(route.Pattern, " ")
	path = inPath.ReplaceAllString(strings.TrimSuffix(path, "{$}"), string(ids.New()))
	switch {
	case method == http.MethodGet:
		return probe.Get(ctx, v, path)
	case method == http.MethodPost && !strings.HasPrefix(path, "/api/"):
		return probe.Post(ctx, v, path, url.Values{"x": {"1"}})
	}
	r, err := http.NewRequestWithContext(ctx, method, path, strings.NewReader("{}"))
	if err != nil {
		return probe.Answer{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	return probe.Do(v, r)
}

// intended is all that is kept of a person as a member (KSK-1.1), and what serves the account itself.
var intended = map[string][]string{
	"identity_person": {
		"id", "profile", "mark", "language", "functional", "responsible", "state", "created_at", "updated_at",
	},
	"identity_photo": {"person", "id", "picture", "set_at"},
	"organization_member": {
		"org", "id", "person", "sealed", "manager", "functional", "responsible", "state", "invited_at", "joined_at", "left_at", "import", "version",
	},
}

// asked is all that a form may ask about a person.
var asked = []string{
	"given_name", "family_name", "gender", "email", "email2", "phone", "language", "photo", "function", "department", "group", "committee", "manager",
	"functional", "responsible", "role",
}

var (
	qKeptSQLite   = db.SQLOn(db.SQLite, `SELECT name FROM pragma_table_info($1)`)
	qKeptPostgres = db.SQLOn(db.PostgreSQL, `SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1`)
)

func (h *House) seeProfile(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	var more []string
	err = h.db.Read(ctx, func(tx core.Tx) error {
		seen.Population, more = 0, nil
		for table, known := range intended {
			q := qKeptSQLite
			if h.db.Engine() == db.PostgreSQL {
				q = qKeptPostgres
			}
			columns, err := db.All(ctx, tx, q, db.Value[string], table)
			if err != nil {
				return err
			}
			seen.Population += len(columns)
			for _, c := range columns {
				if !slices.Contains(known, c) {
					more = append(more, table+"."+c)
				}
			}
		}
		return nil
	})
	if err != nil {
		return seen, err
	}
	seen.Sample = seen.Population
	if len(more) > 0 {
		slices.Sort(more)
		seen.Why = probe.Text(tProfileMore, strings.Join(more, ", "))
		return seen, nil
	}
	c, err := s.Canary(ctx, "admin")
	if err != nil {
		return seen, err
	}
	in, err := s.Enter(ctx, c)
	if err != nil {
		return seen, err
	}
	fields, beyond, err := formFields(in, "/me/profile", "/o/"+string(c.Org)+"/members/new", "/o/"+string(c.Org)+"/members/"+string(c.Member)+"/edit")
	if err != nil {
		return seen, err
	}
	if len(beyond) > 0 {
		seen.Why = probe.Text(tProfileAsked, strings.Join(beyond, ", "))
		return seen, nil
	}
	seen.Held, seen.Why = true, probe.Text(tProfileHeld, seen.Population, fields)
	return seen, nil
}

// formFields counts what the forms about a person ask for, and lists what they should not.
func formFields(in *http.Client, paths ...string) (n int, beyond []string, err error) {
	for _, path := range paths {
		page, err := browse.Over(in).Get(path)
		if err != nil {
			return 0, nil, err
		}
		found := false
		for _, f := range page.Forms() {
			if f.Has("given_name") || f.Has("photo") {
				found = true
				for _, name := range f.Fields {
					if n++; !slices.Contains(asked, name) && !slices.Contains([]string{"version", "again", "do"}, name) {
						beyond = append(beyond, name)
					}
				}
			}
		}
		if !found {
			return 0, nil, probe.Unseen(tProfileUnseen, path)
		}
	}
	return n, beyond, nil
}

var tProfileUnseen = i18n.T("%s ne montre pas de formulaire : rien ne peut être vu.", "%s shows no form: nothing can be seen.")

var (
	welcoming = core.PlantedFault{
		ID: "account.none/welcoming", Title: core.Text{FR: "Une page de la console s'ouvre à tous", EN: "A page of the console opens to anyone"},
		Plant: probe.Front(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/provider" {
					_, _ = w.Write([]byte("welcome"))
					return
				}
				next.ServeHTTP(w, r)
			})
		}),
	}
	careless = core.PlantedFault{
		ID: "account.none/careless", Title: core.Text{FR: "Un relais répond à la place de l'API", EN: "A relay answers in place of the API"},
		Plant: probe.Front(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodDelete {
					w.WriteHeader(http.StatusNoContent)
					return
				}
				next.ServeHTTP(w, r)
			})
		}),
	}
	curious = core.PlantedFault{
		ID: "account.profile/curious", Title: core.Text{FR: "La base garde la religion", EN: "The database keeps religion"},
		Plant: probe.Rows(`ALTER TABLE identity_person ADD COLUMN religion TEXT`),
	}
	prying = core.PlantedFault{
		ID: "account.profile/prying", Title: core.Text{FR: "Le profil demande la date de naissance", EN: "The profile asks for the date of birth"},
		Plant: probe.Front(func(next http.Handler) http.Handler {
			return probe.Rewrite(next, func(body []byte) []byte {
				return []byte(strings.ReplaceAll(string(body), `name="given_name"`, `name="birth_date"><input name="given_name"`))
			})
		}),
	}
)
