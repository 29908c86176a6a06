package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/i18n"
)

func (k *KeysConfig) boot() boot.Keys {
	return boot.Keys{Copies: k.Copies, Root: k.Root, Transit: boot.Transit{
		Address: k.Transit.Address, Mount: k.Transit.Mount, Key: k.Transit.Key, TokenFile: k.Transit.TokenFile, Namespace: k.Transit.Namespace, CA: k.Transit.CA,
	}, PKCS11: boot.PKCS11{Module: k.PKCS11.Module, Token: k.PKCS11.Token, Key: k.PKCS11.Key, PINFile: k.PKCS11.PINFile}}
}

func (k *KeysConfig) check(bad badFunc) {
	need := func(key, value string) {
		if value == "" {
			bad(key, "is needed with keys.root: %s", k.Root)
		}
	}
	switch k.Root {
	case "", "file":
	case "transit":
		need("keys.transit.address", k.Transit.Address)
		need("keys.transit.key", k.Transit.Key)
		need("keys.transit.token_file", k.Transit.TokenFile)
	case "pkcs11":
		need("keys.pkcs11.module", k.PKCS11.Module)
		need("keys.pkcs11.token", k.PKCS11.Token)
		need("keys.pkcs11.key", k.PKCS11.Key)
		need("keys.pkcs11.pin_file", k.PKCS11.PINFile)
	default:
		bad("keys.root", "%q is none of file, transit, pkcs11", k.Root)
	}
	for i, place := range k.Copies {
		if !filepath.IsAbs(place) {
			bad("keys.copies", "%q is not a whole path", place)
		}
		if slices.Contains(k.Copies[:i], place) {
			bad("keys.copies", "%q stands there twice", place)
		}
	}
}

func (c *command) keys() *cobra.Command {
	root := &cobra.Command{Use: "keys", Short: "The keys of persons and organizations: recovery sheet, checks, renewal, restore"}
	root.AddCommand(c.keysSheet(), c.keysCheck(), c.keysRotate(), c.keysRestore())
	return root
}

func (c *command) keysSheet() *cobra.Command {
	var need, parts int
	var form, output, lang string
	cmd := &cobra.Command{
		Use: "sheet", Short: "Print the recovery sheet of the root key (a secret), whole or in parts of which some are needed", Args: cobra.NoArgs,
		Long: "Without the root key nothing that is sealed opens. Print the sheet, keep its parts in different safes, delete the file. A part\n" +
			"is 32 words and a QR code. With --parts 3 --need 2, any two of the three parts give the key back and one says nothing about it.",
		RunE: c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
			if need == 0 {
				need = parts/2 + 1
				if parts == 1 {
					need = 1
				}
			}
			l := i18n.EN
			switch lang {
			case "en":
			case "fr":
				l = i18n.FR
			default:
				return usageError{fmt.Errorf("--lang is fr or en")}
			}
			if !slices.Contains([]string{"text", "html", "pdf"}, form) {
				return usageError{fmt.Errorf("--form is text, html or pdf")}
			}
			s, err := h.MakeSheet(cmd.Context(), need, parts, l)
			if err != nil {
				return err
			}
			body := s.Text()
			switch form {
			case "html":
				body, err = s.HTML()
			case "pdf":
				body, err = s.PDF()
			}
			if err != nil {
				return err
			}
			if output == "" {
				_, err = c.out.Write(body)
				return err
			}
			if err := writeNew(output, body); err != nil {
				return err
			}
			fmt.Fprintf(c.errs, "wrote %s: print it, then delete it\n", output)
			return nil
		}),
	}
	cmd.Flags().IntVar(&parts, "parts", 1, "how many parts (1 to 16)")
	cmd.Flags().IntVar(&need, "need", 0, "how many of them give the key back; more than half when left out")
	cmd.Flags().StringVar(&form, "form", "text", "text, html or pdf")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, which must not exist; standard output when empty")
	cmd.Flags().StringVar(&lang, "lang", "en", "fr or en")
	return cmd
}

// writeNew writes a file for its owner only, which must not exist.
func writeNew(path string, body []byte) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.Write(body)
	return err
}

// text reads a file, or standard input for "-".
func (c *command) text(path string) (string, error) {
	if path == "-" {
		body, err := io.ReadAll(io.LimitReader(c.in, 1<<20))
		return string(body), err
	}
	body, err := os.ReadFile(path)
	return string(body), err
}

// partsOf reads the files of the parts of a sheet as one text.
func (c *command) partsOf(paths []string) (string, error) {
	var all []string
	for _, p := range paths {
		text, err := c.text(p)
		if err != nil {
			return "", err
		}
		all = append(all, text)
	}
	return strings.Join(all, "\n"), nil
}

func (c *command) keysCheck() *cobra.Command {
	var parts []string
	cmd := &cobra.Command{
		Use: "check", Short: "Tell how the key store stands, open its copies, and try the parts of a sheet", Args: cobra.NoArgs,
		RunE: c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
			s, err := h.KeyState(cmd.Context())
			if err != nil {
				return err
			}
			findings := keyFindings(s, h.KeysApart(), time.Now())
			if err := h.CheckCopies(cmd.Context(), s); err != nil {
				findings = append(findings, finding{"bad", "copies", clean(err.Error())})
			}
			if len(parts) > 0 {
				text, err := c.partsOf(parts)
				if err != nil {
					return err
				}
				if err := h.CheckSheet(text); err != nil {
					findings = append(findings, finding{"bad", "parts", err.Error()})
				} else {
					findings = append(findings, finding{"ok", "parts", "they give the root key of this platform"})
				}
			}
			bad := false
			for _, f := range findings {
				c.say("%-5s %-12s %s", f.level, f.what, f.text)
				bad = bad || f.level == "bad"
			}
			if bad {
				return errTold
			}
			return nil
		}),
	}
	cmd.Flags().StringArrayVar(&parts, "parts", nil, "file with the words or the QR text of parts, - for standard input; can be said several times")
	return cmd
}

// keyFindings says how the key store stands.
func keyFindings(s boot.KeyState, apart bool, now time.Time) []finding {
	all := []finding{{"ok", "root key", fmt.Sprintf("%s %s", s.Root.Kind, s.Root.Print)}}
	age := now.Sub(s.Began)
	epoch := finding{"ok", "epoch", fmt.Sprintf("%d, since %s; %d keys of %d organizations live, %d were destroyed", s.Epoch, s.Began.Format(time.DateTime), s.Living, s.Organizations, s.Ended)}
	if age > 48*time.Hour {
		epoch.level, epoch.text = "bad", epoch.text+": no new epoch since more than two days"
	}
	all = append(all, epoch)
	if s.Ending {
		all = append(all, finding{"note", "epoch", "an older epoch lives on: rempart serve ends it once every copy is confirmed"})
	}
	if !apart {
		all = append(all, finding{"note", "key store", "it stands in the database of the data: a backup of one holds the other, and an erasure does not reach it (database.keys)"})
	}
	for _, p := range s.Copies {
		switch {
		case p.Made.IsZero():
			all = append(all, finding{"note", "copy", p.Place + ": none yet; rempart serve makes it within ten minutes, rempart keys rotate at once"})
		case p.Fault != "":
			all = append(all, finding{"bad", "copy", p.Place + ": " + clean(p.Fault)})
		case p.Epoch < s.Epoch:
			all = append(all, finding{"note", "copy", p.Place + " is of an older epoch"})
		default:
			all = append(all, finding{"ok", "copy", fmt.Sprintf("%s: epoch %d, %d keys, written and read back %s", p.Place, p.Epoch, p.Keys, p.Made.Format(time.DateTime))})
		}
	}
	if len(s.Copies) == 0 {
		all = append(all, finding{"note", "copies", "none: a lost disk loses every key (keys.copies)"})
	}
	return append(all, sheetFinding(s))
}

func sheetFinding(s boot.KeyState) finding {
	switch {
	case s.Root.Kind != "file" && s.Root.Kind != "credential":
		return finding{"ok", "sheet", "the root key stays in its device: save it there"}
	case s.Sheet:
		return finding{"ok", "sheet", fmt.Sprintf("%s, made %s", s.SheetForm, s.SheetMade.Format(time.DateTime))}
	}
	return finding{"note", "sheet", noSheet}
}

const noSheet = "NO RECOVERY SHEET of this root key was ever made: a lost disk loses everything that is sealed. Run: rempart keys sheet"

// warnSheet says so at each start, in the log and on the terminal.
func (c *command) warnSheet(ctx context.Context, h *boot.House, log *slog.Logger) error {
	s, err := h.KeyState(ctx)
	if err != nil {
		return err
	}
	if f := sheetFinding(s); f.level != "ok" {
		c.say("%s", f.text)
		log.Warn("no recovery sheet of the root key was ever made: rempart keys sheet")
	}
	if len(s.Copies) == 0 {
		log.Warn("the key store has no copy: keys.copies")
	}
	return nil
}

func (c *command) keysRotate() *cobra.Command {
	var indexes bool
	cmd := &cobra.Command{
		Use: "rotate", Short: "Begin a new epoch now: wrap every key anew, copy the key store, destroy the older epoch", Args: cobra.NoArgs,
		RunE: c.withHouse(func(cmd *cobra.Command, h *boot.House) error {
			if indexes {
				n, err := h.RotateIndexes(cmd.Context())
				if err != nil {
					return err
				}
				c.say("%d blind indexes have their next secret: rows are written anew in the background while the platform runs, in about ten minutes", n)
				return nil
			}
			s, err := h.RotateKeys(cmd.Context())
			if err != nil {
				return err
			}
			c.say("epoch %d: %d keys wrapped anew, %d copies confirmed, the older epoch destroyed", s.Epoch, s.Living, len(s.Copies))
			return nil
		}),
	}
	cmd.Flags().BoolVar(&indexes, "indexes", false, "give the blind indexes their next secret instead, which otherwise happens once a year")
	return cmd
}

func (c *command) keysRestore() *cobra.Command {
	var parts []string
	var from string
	cmd := &cobra.Command{
		Use: "restore", Short: "Bring back the root key from the parts of its sheet, and the key store from a copy", Args: cobra.NoArgs,
		Long: "For a machine that lost them: stop the platform first. An existing root key or key store is never overwritten.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(parts) == 0 && from == "" {
				return usageError{fmt.Errorf("give --parts (the sheet), --copy (the key store), or both")}
			}
			cfg, err := c.settings()
			if err != nil {
				return err
			}
			if _, err := makeData(cfg.Data); err != nil {
				return err
			}
			text, err := c.partsOf(parts)
			if err != nil {
				return err
			}
			var packed []byte
			if from != "" {
				if packed, err = os.ReadFile(from); err != nil {
					return err
				}
			}
			keys, err := boot.RestoreKeys(cmd.Context(), cfg.boot(quiet(c.errs, cfg.Log)), text, packed)
			if err != nil {
				return err
			}
			if len(parts) > 0 {
				c.say("the root key is back")
			}
			if from != "" {
				c.say("the key store is back: %d keys", keys)
			}
			c.say("Put the data back, then: rempart keys check")
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&parts, "parts", nil, "file with the words or the QR text of parts, - for standard input; can be said several times")
	cmd.Flags().StringVar(&from, "copy", "", "copy of the key store (rempart-keys.copy)")
	return cmd
}
