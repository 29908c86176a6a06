package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/kit/mail"
)

// finding is what the doctor says about one thing.
type finding struct {
	level string // "ok", "note", "bad"
	what  string
	text  string
}

func (c *command) doctor() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Examine an installation: folder, keys, database, journal, mail, certificate, clock", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.settings()
			if err != nil {
				return err
			}
			all := c.examine(cmd.Context(), cfg)
			bad := 0
			for _, f := range all {
				c.say("%-5s %-12s %s", f.level, f.what, f.text)
				if f.level == "bad" {
					bad++
				}
			}
			if bad > 0 {
				c.say("%d of %d checks failed", bad, len(all))
				return errTold
			}
			c.say("%d checks, nothing wrong", len(all))
			return nil
		},
	}
}

func (c *command) examine(ctx context.Context, cfg *Config) []finding {
	all := examineFolder(cfg.Data)
	if len(all) > 0 && all[0].level == "bad" {
		return all
	}
	house, _, err := open(ctx, cfg, quiet(c.errs, cfg.Log))
	if err != nil {
		return append(all, finding{"bad", "database", clean(err.Error())})
	}
	defer house.Close()
	all = append(all, finding{"ok", "database", cfg.databaseWords() + ", tables up to date"})
	all = append(all, examineKeys(ctx, house)...)
	all = append(all, examineJournal(ctx, cfg, house)...)
	all = append(all, examineMail(ctx, cfg, house)...)
	all = append(all, examineDoor(cfg)...)
	if link, err := house.AwaitsSetup(ctx); err == nil && link {
		all = append(all, finding{"note", "set-up", "no administrator yet: rempart serve prints the link, or rempart admin create"})
	}
	return all
}

func examineFolder(dir string) []finding {
	info, err := os.Stat(dir)
	if err != nil {
		return []finding{{"bad", "folder", folderWords(dir) + " does not exist yet: rempart serve makes it"}}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return []finding{{"bad", "folder", fmt.Sprintf("others can enter it (mode %04o)", info.Mode().Perm())}}
	}
	all := []finding{{"ok", "folder", folderWords(dir) + ", closed to others"}}
	for _, key := range []string{"root.key", "journal.key"} {
		info, err := os.Stat(filepath.Join(dir, key))
		switch {
		case err != nil:
			all = append(all, finding{"note", "key", key + " is not there yet: it is made at the first start"})
		case info.Mode().Perm()&0o077 != 0:
			all = append(all, finding{"bad", "key", fmt.Sprintf("others can read %s (mode %04o)", key, info.Mode().Perm())})
		default:
			all = append(all, finding{"ok", "key", key + ": keep a copy elsewhere"})
		}
	}
	return append(all, freeSpace(dir))
}

func examineJournal(ctx context.Context, cfg *Config, house *boot.House) []finding {
	began := time.Now()
	reports, err := house.VerifyJournal(ctx)
	if err != nil {
		return []finding{{"bad", "journal", clean(err.Error())}}
	}
	var entries uint64
	for _, r := range reports {
		entries += r.Entries
		if !r.OK() {
			return []finding{{"bad", "journal", r.String()}}
		}
	}
	all := []finding{{"ok", "journal", fmt.Sprintf("verified: %d entries in %d logs, %s", entries, len(reports), time.Since(began).Round(time.Millisecond))}}
	if len(cfg.Journal.Folders)+len(cfg.Journal.MailTo)+len(cfg.Journal.Witnesses) == 0 {
		all = append(all, finding{"note", "journal", cfg.journalWords()})
	}
	return all
}

func examineKeys(ctx context.Context, house *boot.House) []finding {
	s, err := house.KeyState(ctx)
	if err != nil {
		return []finding{{"bad", "keys", clean(err.Error())}}
	}
	all := keyFindings(s, house.KeysApart(), time.Now())
	if err := house.CheckCopies(ctx, s); err != nil {
		all = append(all, finding{"bad", "copies", clean(err.Error())})
	}
	return all
}

func examineMail(ctx context.Context, cfg *Config, house *boot.House) []finding {
	b, err := house.MailBacklog(ctx)
	if err != nil {
		return []finding{{"bad", "mail", clean(err.Error())}}
	}
	var all []finding
	switch {
	case !b.Carrier && b.Waiting > 0:
		all = append(all, finding{"bad", "mail", fmt.Sprintf("no relay is set and %d messages wait since %s (mail.relay)", b.Waiting, b.Oldest.Format(time.DateTime))})
	case !b.Carrier:
		all = append(all, finding{"note", "mail", cfg.mailWords()})
	case b.Waiting > 0 && time.Since(b.Oldest) > 10*time.Minute:
		all = append(all, finding{"bad", "mail", fmt.Sprintf("%d messages wait since %s; the relay says: %s", b.Waiting, b.Oldest.Format(time.DateTime), b.Reply)})
	default:
		all = append(all, finding{"ok", "mail", fmt.Sprintf("%d messages wait", b.Waiting)})
	}
	if b.Dead > 0 {
		all = append(all, finding{"note", "mail", fmt.Sprintf("%d messages were refused for good in the last thirty days", b.Dead)})
	}
	if cfg.Mail.Relay == "" {
		return all
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := mail.Probe(ctx, cfg.Mail); err != nil {
		return append(all, finding{"bad", "relay", clean(err.Error())})
	}
	return append(all, finding{"ok", "relay", cfg.Mail.Relay + " answers, secured and authenticated as set"})
}

func examineDoor(cfg *Config) []finding {
	all := []finding{{"ok", "door", cfg.listenWords()}}
	if cfg.Server.Domain != "" && cfg.Server.Certificate == "" {
		all[0].level = "note"
	}
	if cfg.Server.Certificate != "" {
		cert, err := tls.LoadX509KeyPair(cfg.Server.Certificate, cfg.Server.Key)
		switch {
		case err != nil:
			all = append(all, finding{"bad", "certificate", clean(err.Error())})
		case cert.Leaf.VerifyHostname(cfg.Server.Domain) != nil:
			all = append(all, finding{"bad", "certificate", "is not for " + cfg.Server.Domain})
		case time.Until(cert.Leaf.NotAfter) < 14*24*time.Hour:
			all = append(all, finding{"bad", "certificate", "ends on " + cert.Leaf.NotAfter.Format(time.DateOnly)})
		default:
			all = append(all, finding{"ok", "certificate", "good until " + cert.Leaf.NotAfter.Format(time.DateOnly)})
		}
	}
	return append(all, finding{"ok", "program", version() + ", " + runtime.GOOS + "/" + runtime.GOARCH})
}
