package agent

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/disk"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/services/recognition/source"
	"github.com/rempart/rempart/services/recognition/source/announce"
)

var (
	errConfigFile = i18n.Fault(core.Invalid, "agent.config", "Le fichier de configuration %s ne peut pas être lu.", "The configuration file %s cannot be read.")
	errHealthHost = i18n.Fault(core.Invalid, "agent.health", "La page de santé n'écoute que sur cette machine : health: 127.0.0.1:8799.", "The health page listens on this machine only: health: 127.0.0.1:8799.")
	errEvery      = i18n.Fault(core.Invalid, "agent.every", "Entre deux tours : de 1 minute à 7 jours (every: 10m).", "Between two turns: from 1 minute to 7 days (every: 10m).")
	errIdentity   = i18n.Fault(core.Invalid, "agent.identity", "Ce programme n'est pas encore inscrit : lancez-le une fois avec --enrol CODE --server ADRESSE.", "This program has not enrolled yet: run it once with --enrol CODE --server ADDRESS.")
	errOpenFile   = i18n.Fault(core.Invalid, "agent.identity_open", "Le fichier %s est lisible par d'autres : il doit l'être par son seul propriétaire (0600).", "The file %s can be read by others: only its owner may (0600).")
)

// Config is the file of an agent. Paths start from its folder.
type Config struct {
	Identity string        // what --enrol writes: server, organization, link, token; "agent.json" when absent
	Store    string        // keyed hashes of what was sent; "agent.store"
	Every    time.Duration // between two turns; 10 minutes
	Health   string        // loopback address of the health page; "" for none
	Mapping  source.Mapping
	// HasMapping: the mapping stands in the file; otherwise the one that people chose on the platform applies.
	HasMapping bool
	// Look is what a person who sets the link up may be told of, so as to choose there; the zero value is nothing.
	Look     announce.Asked
	kind     string
	settings source.Config
}

// written is the form of the file, but for the settings of the source and the mapping, which have readers of their own.
type written struct {
	Identity string        `yaml:"identity" say:"agent.json"`
	Store    string        `yaml:"store" say:"agent.store"`
	Every    time.Duration `yaml:"every" say:"10m"`
	Health   string        `yaml:"health" say:"127.0.0.1:8799"`
}

// Load reads a configuration: unknown words are refused, all mistakes are told at once.
func Load(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fault(errConfigFile, path)
	}
	return Read(path, text)
}

// Read reads the text of a configuration that stands in a file.
func Read(path string, text []byte) (c Config, err error) {
	all, err := source.Parse(path, text)
	if err != nil {
		return c, err
	}
	from, rest := all.Cut("source")
	how, rest := rest.Cut("mapping")
	seen, rest := rest.Cut("look")
	w := written{Identity: "agent.json", Store: "agent.store", Every: 10 * time.Minute}
	wrong := []error{rest.Decode(&w)}
	switch {
	case from != nil:
		c.kind, c.settings = source.Config{File: path, Node: from}.Take("kind")
	case seen != nil: // a person chooses among what it sees
		c.kind, c.settings = platformKind, source.Config{File: path}
	default:
		wrong = append(wrong, all.Missing("source", "{kind: csv, file: contacts.csv}"))
	}
	if seen != nil {
		wrong = append(wrong, c.readLook(path, seen))
	}
	if how != nil {
		var err error
		c.HasMapping = true
		c.Mapping, err = source.ReadMapping(source.Config{File: path, Node: how})
		wrong = append(wrong, err)
	}
	if w.Every < time.Minute || w.Every > 7*24*time.Hour {
		wrong = append(wrong, errEvery)
	}
	if w.Health != "" && !loopbackAddress(w.Health) {
		wrong = append(wrong, errHealthHost)
	}
	c.Every, c.Health = w.Every, w.Health
	c.Identity, c.Store = beside(path, w.Identity), beside(path, w.Store)
	return c, errors.Join(wrong...)
}

func beside(file, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}

// Source makes the reader of the tool.
func (c Config) Source() (source.Source, error) { return source.Open(c.kind, c.settings) }

// Identity is what an agent is to the platform. It holds a secret: its file is for its owner only.
type Identity struct {
	Server       string  `json:"server"`
	Organization core.ID `json:"organization"`
	Link         core.ID `json:"link"`
	Token        string  `json:"token"`
}

// LoadIdentity reads what enrolment wrote, and refuses a file that others can read.
func LoadIdentity(path string) (id Identity, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return id, errIdentity
	}
	if err != nil {
		return id, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return id, fault(errOpenFile, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return id, err
	}
	if err := json.Unmarshal(text, &id); err != nil || id.Token == "" || id.Link == "" {
		return id, errIdentity
	}
	return id, nil
}

func (id Identity) save(path string) error {
	text, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	return disk.Replace(path, append(text, '\n'), 0o600)
}
