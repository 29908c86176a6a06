package desk

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A choice on a notice comes back through a link of the agent's own scheme where the system knows no other way: it starts this program
// again (`desk choose`), which hands the choice over in a file and ends. Any page may offer such a link, so it holds nothing but a random
// key of one notice and the place of a button: whoever does not know the key chooses nothing, and a key serves once.

const choiceScheme = "rempart-desk"

// ErrNoChoice says that a link belongs to no notice on the screen.
var ErrNoChoice = errors.New("desk: this notice is not there any more")

var reChoice = regexp.MustCompile(`^(?i:` + choiceScheme + `):([0-9a-f]{32})\.([0-9])/?$`)

// choiceLink is the link of a button: 0 is the notice itself.
func choiceLink(key string, place int) string {
	return choiceScheme + ":" + key + "." + strconv.Itoa(place)
}

func readChoice(link string) (key string, place int, ok bool) {
	m := reChoice.FindStringSubmatch(strings.TrimSpace(link))
	if m == nil {
		return "", 0, false
	}
	return m[1], int(m[2][0] - '0'), true
}

// Choose hands the choice of a link to the agent that works in a folder.
func Choose(folder, link string) error {
	key, place, ok := readChoice(link)
	if !ok {
		return ErrNoChoice
	}
	o := offers(folder)
	if err := os.Rename(o.file(key), o.file(key+"."+strconv.Itoa(place))); err != nil {
		return ErrNoChoice
	}
	return nil
}

// offers is the folder of the keys that are on the screen: an empty file each. To choose is to rename one, which succeeds once.
type offers string

func (o offers) file(name string) string { return filepath.Join(string(o), "notices", name) }

// empty forgets whatever an agent that was killed left behind.
func (o offers) empty() error {
	if err := os.RemoveAll(o.file("")); err != nil {
		return err
	}
	return os.MkdirAll(o.file(""), 0o700)
}

func (o offers) open() (key string, err error) {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	key = hex.EncodeToString(b)
	return key, os.WriteFile(o.file(key), nil, 0o600)
}

func (o offers) withdraw(key string) { _ = os.Remove(o.file(key)) }

// An offer is looked at while a telephone rings, and no longer: a person does not notice the tenth of a second.
const (
	lookAgain  = 100 * time.Millisecond
	offerStays = 5 * time.Minute
)

// wait gives the place that was chosen, false when ctx ended first or the offer was withdrawn.
func (o offers) wait(ctx context.Context, key string, places int) (int, bool) {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0, false
		case <-tick.C:
		}
		if _, err := os.Stat(o.file(key)); err == nil {
			continue
		}
		for place := range places {
			if os.Remove(o.file(key+"."+strconv.Itoa(place))) == nil {
				return place, true
			}
		}
		return 0, false
	}
}
