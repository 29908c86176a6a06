package scripts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rempart/rempart/app/people"
	"github.com/rempart/rempart/core"
)

func done(page *people.Page, err error) error {
	if err == nil && page.Status >= 400 {
		err = &people.Refusal{Page: page}
	}
	return err
}

func (p *play) openForm(name, path string, fields ...string) (*people.Form, error) {
	page, err := p.browser(name).Get(path)
	if err != nil {
		return nil, err
	}
	if page.Status >= 400 {
		return nil, &people.Refusal{Page: page}
	}
	return page.Form(fields...)
}

func (p *play) person(name string) string {
	return "/o/" + string(p.Town) + "/habilitations/persons/" + string(p.Trial.Players[name].Person)
}

// gives: gives ROLE to PLAYER [until DATE] because REASON.
func gives(p *play, name string, args []string) error {
	f, err := p.openForm(name, p.person(args[2]), "role", "reason")
	if err != nil {
		return err
	}
	if i := indexOf(args, "until"); i > 0 {
		f.Set("until", args[i+1])
	}
	return done(f.Set("role", args[0]).Set("reason", after(args, "because")).Send())
}

// revokes: revokes the role of PLAYER because REASON (the first one shown).
func revokes(p *play, name string, args []string) error {
	f, err := p.openForm(name, p.person(args[3]), "/revoke", "reason")
	if err != nil {
		return err
	}
	return done(f.Set("reason", after(args, "because")).Send())
}

// suspends: suspends PLAYER for REASON because TEXT.
func suspends(p *play, name string, args []string) error {
	f, err := p.openForm(name, "/o/"+string(p.Town)+"/suspensions", "scope", "reason")
	if err != nil {
		return err
	}
	return done(f.Set("scope", "person").Set("email", p.Trial.Players[args[0]].Email).Set("reason", args[2]).Set("text", after(args, "because")).Send())
}

// lifts: lifts the suspension because REASON.
func lifts(p *play, name string, args []string) error {
	f, err := p.openForm(name, "/o/"+string(p.Town)+"/suspensions", "/lift")
	if err != nil {
		return err
	}
	return done(f.Set("reason", after(args, "because")).Send())
}

// invites: invites EMAIL field=value...
func invites(p *play, name string, args []string) error {
	f, err := p.openForm(name, "/o/"+string(p.Town)+"/members/new", "email")
	if err != nil {
		return err
	}
	v, err := values(args[1:])
	if err != nil {
		return err
	}
	for k, x := range v {
		f.Values[k] = x
	}
	return done(f.Set("email", args[0]).Send())
}

func indexOf(args []string, word string) int {
	for i, a := range args {
		if a == word {
			return i
		}
	}
	return -1
}

// after gives the words after one.
func after(args []string, word string) string {
	if i := indexOf(args, word); i >= 0 {
		return strings.Join(args[i+1:], " ")
	}
	return ""
}

func (p *play) address(name string) string {
	if who := p.Trial.Players[name]; who != nil {
		return who.Email
	}
	return name
}

// mail waits for a message to somebody.
func (p *play) mail(to, kind string) (string, error) {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		body, err := p.Letters.Last(to, kind)
		if err == nil || time.Now().After(end) {
			return body, err
		}
	}
}

// getsMail: gets mail KIND [saying TEXT] [at ADDRESS].
func getsMail(p *play, name string, args []string) error {
	to := p.address(name)
	if i := indexOf(args, "at"); i > 0 {
		to, args = args[i+1], args[:i]
	}
	body, err := p.mail(to, args[0])
	if err != nil {
		return fmt.Errorf("%w; the messages are: %s", err, p.Letters.Kinds(to))
	}
	if words := after(args, "saying"); !strings.Contains(body, words) {
		return fmt.Errorf("the message does not say %q: %s", words, body)
	}
	return nil
}

// follows: follows the link of KIND [at ADDRESS]; opens what the last message of a kind leads to.
func follows(p *play, name string, args []string) error {
	to := p.address(name)
	if i := indexOf(args, "at"); i > 0 {
		to = args[i+1]
	}
	body, err := p.mail(to, args[3])
	if err != nil {
		return err
	}
	_, rest, ok := strings.Cut(body, p.Origin)
	if !ok {
		return errors.New("the message holds no link of this platform")
	}
	return opens(p, name, []string{strings.Fields(rest)[0]})
}

// guesses: guesses the password of PLAYER N times [from everywhere]; fails when a guess is right or most were compared.
func guesses(p *play, name string, args []string) error {
	n, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	compared := 0
	for i := range n {
		from := "127.0.3.1"
		if len(args) > 6 {
			from = fmt.Sprintf("127.0.%d.%d", 4+i/200, 1+i%200)
		}
		b := people.New(p.Origin, from)
		who := people.Person{Email: p.Trial.Players[args[3]].Email, Password: fmt.Sprintf("Guess-%d-of-many!", i)}
		err := b.SignIn(who)
		if err == nil {
			return errors.New("a guess opened a session")
		}
		if r, ok := errors.AsType[*people.Refusal](err); ok && r.Page.Status == http.StatusUnprocessableEntity {
			compared++
		}
	}
	p.browsers[name] = nil
	if compared > 15 {
		return fmt.Errorf("%d of %d guesses were compared with the password", compared, n)
	}
	return nil
}

// provesAgain answers the page that asks for a fresher proof of identity.
func provesAgain(p *play, name string, _ []string) error {
	who, err := p.who(name)
	if err != nil {
		return err
	}
	return p.browser(name).Again(who)
}

// calls: calls STATUS METHOD PATH [JSON]; the API with the session of the browser.
func calls(p *play, name string, args []string) error {
	var body io.Reader
	kind := ""
	if len(args) > 3 {
		body, kind = strings.NewReader(strings.Join(args[3:], " ")), "application/json"
	}
	page, err := p.browser(name).Do(args[1], args[2], body, kind)
	if err != nil {
		return err
	}
	return want(page, args[0])
}

// journalWord: journal verifies; journal of town|mutual|platform tells ACTION [success|failure|refused] [REASON].
func journalWord(ts *testscript.TestScript, neg bool, args []string) {
	p := playOf(ts)
	reports, err := p.House.VerifyJournal(background())
	ts.Check(err)
	for _, r := range reports {
		if !r.OK() {
			ts.Fatalf("%s", r.String())
		}
	}
	if args[0] == "verifies" {
		return
	}
	org := map[string]core.ID{"town": p.Town, "mutual": p.Mutual, "platform": core.Platform}[args[1]]
	var b bytes.Buffer
	ts.Check(p.House.ExportJournal(background(), org, "jsonl", "A script reads what was kept", &b))
	found := false
	for line := range strings.Lines(b.String()) {
		all := true
		for _, word := range args[3:] {
			all = all && strings.Contains(line, word)
		}
		found = found || all
	}
	if found == neg {
		ts.Fatalf("the journal of %s: %v found: %v", args[1], args[3:], found)
	}
}
