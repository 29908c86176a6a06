package app

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/policies"
)

func (c *command) policy() *cobra.Command {
	root := &cobra.Command{
		Use: "policy", Short: "Policies: what is promised clause by clause, and the policies that decide accesses",
		Long: "A policy is one YAML file: clauses in both languages, with the settings, probes and attestations that make each true.\n" +
			"Five published policies and our recommendation (baseline) ship; docs/howto/policy.md teaches how to write one's own.",
	}
	root.AddCommand(c.policyList(), c.policyShow(), c.policyNames(), c.policyCheck(), c.policyDiff(), c.policyNew(), c.policyApply(), c.policyWithdraw(), c.policyProve())
	return root
}

func (c *command) policyProve() *cobra.Command {
	return &cobra.Command{
		Use: "prove", Short: "Decide every combination of facts and compare with what must hold; prints a counter-example if any", Args: cobra.NoArgs,
		RunE: c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
			words, holds, err := h.ProvePolicies(cmd.Context())
			if err != nil {
				return err
			}
			c.say("%s", strings.TrimRight(words, "\n"))
			if !holds {
				return errTold
			}
			return nil
		}),
	}
}

func (c *command) policyList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the policies that ship", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "POLICY\tVERSION\tCLAUSES\tNOT BUILT\tTITLE")
			for _, p := range policies.Embedded() {
				missing := 0
				for i := range p.Clauses {
					if len(p.Clauses[i].Missing) > 0 {
						missing++
					}
				}
				fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s (%s)\n", p.ID, p.Version, len(p.Clauses), missing, p.Title.EN, p.Issuer)
			}
			return w.Flush()
		},
	}
}

// pack reads a file, or a policy that ships by its name.
func pack(name string) (*policies.Pack, error) {
	if !strings.ContainsAny(name, "./\\") {
		if p, ok := policies.Find(name); ok {
			return p, nil
		}
		known := make([]string, 0, 6)
		for _, p := range policies.Embedded() {
			known = append(known, p.ID)
		}
		return nil, usageError{fmt.Errorf("%s: no policy of that name ships (%s); name a file with its extension", name, strings.Join(known, ", "))}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxConfig+2))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return policies.Parse(filepath.Base(name), src)
}

// language reads --lang.
func language(tag string) (i18n.Lang, error) {
	l, ok := i18n.Parse(tag)
	if !ok {
		return l, usageError{fmt.Errorf("--lang is fr or en, not %s", tag)}
	}
	return l, nil
}

func (c *command) policyCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE...", Short: "Check policy files: every mistake at once, with its line and what to write instead", Args: cobra.MinimumNArgs(1),
		Long: "Ends with 1 when a mistake forbids the use of a file. Warnings do not: a probe that does not exist yet, a deviation from\n" +
			"our recommendation that the file does not tell.",
		RunE: func(_ *cobra.Command, args []string) error {
			catalogue, bad := boot.Catalogue(), false
			for _, name := range args {
				p, err := pack(name)
				var all policies.Problems
				if err != nil && !errors.As(err, &all) {
					return err
				}
				if err == nil {
					all = policies.Check(p, catalogue)
				}
				for _, problem := range all {
					fmt.Fprintln(c.out, problem)
				}
				if all.Fatal() {
					bad = true
					continue
				}
				warned := ""
				if len(all) > 0 {
					warned = fmt.Sprintf(" that forbids its use; warnings: %d", len(all))
				}
				c.say("%s: %s version %s, %d clauses, no mistake%s", name, p.ID, p.Version, len(p.Clauses), warned)
			}
			if bad {
				return errTold
			}
			return nil
		},
	}
}

func (c *command) policyDiff() *cobra.Command {
	var lang string
	cmd := &cobra.Command{
		Use: "diff A B", Short: "Say in words what B changes of A, every weakening first", Args: cobra.ExactArgs(2),
		Long: "A and B are files, or names of policies that ship. Ends with 1 when B promises less than A somewhere: a clause removed, a\n" +
			"floor lowered, an exact value widened, a probe or an attestation dropped, evidence that lasts longer. Ends with 0 otherwise.",
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := language(lang)
			if err != nil {
				return err
			}
			a, err := pack(args[0])
			if err != nil {
				return err
			}
			b, err := pack(args[1])
			if err != nil {
				return err
			}
			changes := policies.Diff(a, b, boot.Catalogue())
			c.sayChanges(changes, l)
			if policies.Weakens(changes) {
				return errTold
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "en", "language of the words: fr or en")
	return cmd
}

var (
	tWeaker   = i18n.N("%d affaiblissement", "%d affaiblissements", "%d weakening", "%d weakenings")
	tStronger = i18n.N("%d renforcement", "%d renforcements", "%d strengthening", "%d strengthenings")
	tReworded = i18n.N("%d texte changé", "%d textes changés", "%d changed text", "%d changed texts")
	tTheWhole = i18n.T("politique", "policy")
	tTheSame  = i18n.T("aucune différence", "no difference")
)

// sayChanges prints changes by effect: what is weaker first.
func (c *command) sayChanges(changes []policies.Change, l i18n.Lang) {
	in := func(t core.Text) string { return i18n.From(t).Say(l) }
	for _, group := range []struct {
		effect policies.Effect
		title  i18n.Counted
		mark   string
	}{{policies.Weaker, tWeaker, "-"}, {policies.Stronger, tStronger, "+"}, {policies.Reworded, tReworded, "~"}} {
		n, lines := 0, []string(nil)
		for _, change := range changes {
			if change.Effect != group.effect {
				continue
			}
			n++
			lines = append(lines, fmt.Sprintf("%s %s: %s", group.mark, cmp.Or(change.Clause, tTheWhole.Say(l)), in(change.What)))
			if change.Effect == policies.Reworded {
				lines = append(lines, "    - "+in(change.Before), "    + "+in(change.After))
			}
		}
		if n > 0 {
			c.say("%s", group.title.Say(l, n))
		}
		for _, line := range lines {
			c.say("  %s", line)
		}
	}
	if len(changes) == 0 {
		c.say("%s", tTheSame.Say(l))
	}
}

func (c *command) policyNew() *cobra.Command {
	return &cobra.Command{
		Use: "new NAME", Short: "Write the commented beginning of your own policy to NAME.yaml", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := policies.Starter(args[0])
			if err != nil {
				return usageError{err}
			}
			file := args[0] + ".yaml"
			f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			if errors.Is(err, os.ErrExist) {
				return fmt.Errorf("%s is already there: it was left alone", file)
			}
			if err != nil {
				return err
			}
			_, err = f.Write(text)
			if err = errors.Join(err, f.Close()); err != nil {
				return err
			}
			c.say("%s written; change it, then: rempart policy check %s", file, file)
			return nil
		},
	}
}
