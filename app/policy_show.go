package app

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/policies"
)

func (c *command) policyShow() *cobra.Command {
	var lang, clause string
	var raw bool
	cmd := &cobra.Command{
		Use: "show POLICY", Short: "Show a policy that ships, or a file, clause by clause", Args: cobra.ExactArgs(1),
		Long: "Settings in texts are shown as the policy asks them, or at their default: the annex of an installation shows those in force\n" +
			"(rempart verify, and the controls page). --yaml prints the file itself, to start from.",
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := language(lang)
			if err != nil {
				return err
			}
			p, err := pack(args[0])
			if err != nil {
				return err
			}
			if raw {
				_, err := c.out.Write(p.Source)
				return err
			}
			s := shower{w: c.out, lang: l, catalogue: boot.Catalogue(), pack: p}
			if clause == "" {
				s.head()
			}
			shown := 0
			for i := range p.Clauses {
				if clause == "" || strings.EqualFold(p.Clauses[i].ID, clause) {
					s.clause(&p.Clauses[i])
					shown++
				}
			}
			if clause == "" {
				s.departures()
			}
			if shown == 0 {
				return usageError{fmt.Errorf("%s has no clause %s", p.ID, clause)}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "en", "language of the texts: fr or en")
	cmd.Flags().StringVar(&clause, "clause", "", "one clause only, by its number")
	cmd.Flags().BoolVar(&raw, "yaml", false, "the file as it is")
	return cmd
}

// shower prints clauses for a terminal.
type shower struct {
	w         io.Writer
	lang      i18n.Lang
	catalogue policies.Catalogue
	pack      *policies.Pack
}

func (s *shower) in(t core.Text) string { return i18n.From(t).Say(s.lang) }

var (
	tEnforced  = core.Text{FR: "tenue par le logiciel", EN: "enforced"}
	tVerified  = core.Text{FR: "vérifiée au-dehors", EN: "verified"}
	tAttested  = core.Text{FR: "attestée par une personne", EN: "attested"}
	tAtLeast   = core.Text{FR: "au moins aussi strict que %s", EN: "at least as strict as %s"}
	tExactly   = core.Text{FR: "exactement %s", EN: "exactly %s"}
	tProbes    = core.Text{FR: "sondes", EN: "probes"}
	tSignedBy  = core.Text{FR: "attestations", EN: "attestations"}
	tLacking   = core.Text{FR: "pas encore là", EN: "not there yet"}
	tOutside   = core.Text{FR: "hors du produit", EN: "outside the product"}
	tRefers    = core.Text{FR: "références", EN: "references"}
	tDeviation = core.Text{FR: "écart", EN: "deviation"}
	tDeparts   = core.Text{FR: "Écarts avec notre recommandation", EN: "Deviations from our recommendation"}
	tSilent    = core.Text{FR: "non dit par la politique", EN: "not told by the policy"}
	tEvidence  = core.Text{FR: "une preuve vaut", EN: "evidence lasts"}
)

var kindWords = map[policies.Kind]core.Text{policies.Enforced: tEnforced, policies.Verified: tVerified, policies.Attested: tAttested}

func (s *shower) head() {
	p := s.pack
	fmt.Fprintf(s.w, "%s · %s · %s · %s\nSHA-256 %s\n\n", s.in(p.Title), p.Issuer, p.ID, p.Version, p.Hash)
	s.paragraph("", s.in(p.About))
	fmt.Fprintln(s.w)
}

func (s *shower) clause(c *policies.Clause) {
	kinds := make([]string, len(c.Kinds))
	for i, k := range c.Kinds {
		kinds[i] = s.in(kindWords[k])
	}
	fmt.Fprintf(s.w, "%s  %s  [%s]\n", c.ID, s.in(c.Title), strings.Join(kinds, ", "))
	s.paragraph("  ", s.in(policies.Fill(c.Text, s.catalogue, s.asked)))
	for _, d := range c.Settings {
		s.demand(d)
	}
	s.line(tProbes, c.Probes)
	s.line(tSignedBy, c.Attestations)
	for _, m := range c.Missing {
		s.paragraph("  ! ", s.in(tLacking)+": "+s.in(m))
	}
	if c.Outside != (core.Text{}) {
		s.paragraph("  ! ", s.in(tOutside)+": "+s.in(c.Outside))
	}
	s.line(tRefers, c.References)
	for _, d := range c.Deviates {
		s.paragraph("  ≠ ", s.in(tDeviation)+" "+d.Reference+": "+s.in(d.Why))
	}
	if len(c.Probes) > 0 {
		s.line(tEvidence, []string{fmt.Sprintf("%.0f h", c.Lifetime.Hours())})
	}
	fmt.Fprintln(s.w)
}

// departures lists where the pack asks less than our recommendation, or what it advises against.
func (s *shower) departures() {
	if s.pack.Baseline {
		return
	}
	all := policies.Deviations(s.pack, policies.Baseline(), s.catalogue)
	if len(all) > 0 {
		fmt.Fprintln(s.w, s.in(tDeparts))
	}
	for _, d := range all {
		told := ""
		if !d.Declared {
			told = "; " + s.in(tSilent)
		}
		s.paragraph("  ≠ ", fmt.Sprintf("%s: %s (%s%s)", d.Clause, s.in(d.What), strings.Join(d.References, ", "), told))
	}
}

// asked gives what the pack asks of a setting, the default where it asks nothing.
func (s *shower) asked(key string) string {
	for _, c := range s.pack.Clauses {
		for _, d := range c.Settings {
			if d.Key == key {
				return cmp.Or(d.Exact, d.Floor)
			}
		}
	}
	setting, _ := s.catalogue.Setting(key)
	return setting.Default
}

func (s *shower) demand(d policies.Demand) {
	how, raw := tAtLeast, d.Floor
	if d.Exact != "" {
		how, raw = tExactly, d.Exact
	}
	title, value := d.Key, raw
	if setting, ok := s.catalogue.Setting(d.Key); ok {
		if v, wrong := setting.Read(raw); wrong == (core.Text{}) {
			value = s.in(setting.Say(v))
		}
		title = s.in(setting.Title)
	}
	s.paragraph("  · ", title+" ("+d.Key+"): "+fmt.Sprintf(s.in(how), value))
}

func (s *shower) line(title core.Text, all []string) {
	if len(all) > 0 {
		s.paragraph("  ", s.in(title)+": "+strings.Join(all, ", "))
	}
}

// paragraph writes text in lines of about a hundred signs.
func (s *shower) paragraph(lead, text string) {
	const width = 100
	line, next := lead, strings.Repeat(" ", len([]rune(lead)))
	for i, word := range strings.Split(text, " ") {
		if i > 0 && len([]rune(line))+len([]rune(word)) > width {
			fmt.Fprintln(s.w, strings.TrimRight(line, " "))
			line = next
		}
		line += word + " "
	}
	fmt.Fprintln(s.w, strings.TrimRight(line, " "))
}

func (c *command) policyNames() *cobra.Command {
	return &cobra.Command{
		Use: "names", Short: "List what a clause can name: settings, probes and attestations, with the published clauses that do", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			catalogue, by := boot.Catalogue(), naming()
			w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "SETTING\tDEFAULT\tMEANING\tCLAUSES")
			for _, s := range catalogue.Settings {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Key, s.Say(s.Default).EN, s.Title.EN, few(by[s.Key]))
			}
			fmt.Fprintln(w, "\nPROBE\tCLAUSES\t\t")
			for _, p := range catalogue.Probes {
				fmt.Fprintf(w, "%s\t%s\t\t\n", p, few(by["probe "+p]))
			}
			fmt.Fprintln(w, "\nATTESTATION\tCLAUSES\t\t")
			for _, a := range catalogue.Attestations {
				fmt.Fprintf(w, "%s\t%s\t\t\n", a, few(by["attestation "+a]))
			}
			return w.Flush()
		},
	}
}

// naming gives the published clauses that name each setting, probe and attestation.
func naming() map[string][]string {
	by := map[string][]string{}
	for _, p := range policies.Embedded() {
		for _, c := range p.Clauses {
			for _, d := range c.Settings {
				by[d.Key] = append(by[d.Key], c.ID)
			}
			for _, probe := range c.Probes {
				by["probe "+probe] = append(by["probe "+probe], c.ID)
			}
			for _, a := range c.Attestations {
				by["attestation "+a] = append(by["attestation "+a], c.ID)
			}
		}
	}
	return by
}

// few names the first clauses of many.
func few(ids []string) string {
	if len(ids) > 4 {
		return strings.Join(ids[:4], " ") + fmt.Sprintf(" and %d more", len(ids)-4)
	}
	return strings.Join(ids, " ")
}
