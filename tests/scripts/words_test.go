package scripts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rempart/rempart/app/people"
)

func background() context.Context { return context.Background() }

// cast are the people who can be the first word of a line.
var cast = []string{
	"admin", "people", "security", "auditor", "member", "outsider", "neighbour", "provider", "support", "attacker", "thief", "visitor",
}

type command = func(ts *testscript.TestScript, neg bool, args []string)

// words gives every command of the scripts.
func words() map[string]command {
	all := map[string]command{"journal": journalWord, "later": laterWord, "nobody": nobodyWord, "rempart": binaryWord, "platform": platformWord, "contacts": contactsWord, "code": codeWord, "phone": phoneWord, "call": callWord, "town": townWord, "trace": traceWord, "problem": problemWord, "workstation": workstationWord}
	for _, name := range cast {
		all[name] = func(ts *testscript.TestScript, neg bool, args []string) { act(ts, neg, name, args) }
	}
	return all
}

func playOf(ts *testscript.TestScript) *play { return ts.Value(playKey{}).(*play) }

// verb is what a person can do: two words at most, then what it is done with.
type verb func(p *play, name string, args []string) error

var verbs map[string]verb

func init() {
	verbs = map[string]verb{
		"signs in": signsIn, "signs out": signsOut, "is in": isIn, "is out": isOut,
		"opens": opens, "reads": reads, "sees": sees, "fills": fills, "posts": posts, "gets": gets, "attaches": attaches, "clicks": clicks,
		"gives": gives, "revokes": revokes, "suspends": suspends, "lifts": lifts, "invites": invites,
		"gets mail": getsMail, "follows": follows, "guesses": guesses, "comes from": comesFrom, "copies": copies,
		"says": says, "calls": calls, "proves again": provesAgain, "has header": hasHeader, "has cookie": hasCookie,
	}
}

func act(ts *testscript.TestScript, neg bool, name string, args []string) {
	p := playOf(ts)
	if len(args) == 0 {
		ts.Fatalf("%s does what?", name)
	}
	key, rest := args[0], args[1:]
	if len(args) > 1 && verbs[args[0]+" "+args[1]] != nil {
		key, rest = args[0]+" "+args[1], args[2:]
	}
	do := verbs[key]
	if do == nil {
		ts.Fatalf("%s cannot %q", name, key)
	}
	for i, a := range rest { // @FILE is the content of a file of the script
		if file, ok := strings.CutPrefix(a, "@"); ok {
			rest[i] = ts.ReadFile(file)
		}
	}
	err := do(p, name, rest)
	switch {
	case neg && err == nil:
		ts.Fatalf("%s %s: it was possible", name, strings.Join(args, " "))
	case neg:
		ts.Logf("[refused] %v", err)
	case err != nil:
		ts.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
}

// browser gives the browser of somebody; players have one, nobody shares.
func (p *play) browser(name string) *people.Browser {
	if p.browsers[name] == nil {
		p.browsers[name] = people.New(p.Origin, "127.0.0.1")
	}
	return p.browsers[name]
}

func (p *play) who(name string) (people.Person, error) {
	if s, ok := p.secrets[name]; ok {
		return s, nil
	}
	if p.Trial.Players[name] == nil {
		return people.Person{}, fmt.Errorf("%s has no account", name)
	}
	return p.Person(name), nil
}

// signsIn: signs in [with PASSWORD] [as PLAYER].
func signsIn(p *play, name string, args []string) error {
	as := name
	if len(args) == 2 && args[0] == "as" {
		as = args[1]
	}
	who, err := p.who(as)
	if err != nil {
		return err
	}
	if len(args) == 2 && args[0] == "with" {
		who.Password = args[1]
	}
	b := p.browser(name)
	if err := b.SignIn(who); err != nil {
		return err
	}
	return isIn(p, name, nil)
}

func signsOut(p *play, name string, _ []string) error {
	page, err := p.browser(name).Post("/signout", url.Values{})
	if err != nil {
		return err
	}
	if page.Status >= 400 {
		return &people.Refusal{Page: page}
	}
	return nil
}

func isIn(p *play, name string, _ []string) error {
	in, err := p.browser(name).SignedIn()
	if err == nil && !in {
		err = errors.New("no session")
	}
	return err
}

// isOut: is out [within DURATION].
func isOut(p *play, name string, args []string) error {
	limit := time.Duration(0)
	if len(args) == 2 && args[0] == "within" {
		var err error
		if limit, err = time.ParseDuration(args[1]); err != nil {
			return err
		}
	}
	for end := time.Now().Add(limit); ; time.Sleep(10 * time.Millisecond) {
		in, err := p.browser(name).SignedIn()
		if err != nil || !in {
			return err
		}
		if time.Now().After(end) {
			return errors.New("the session still lives")
		}
	}
}

// opens: opens PATH; a page, not a refusal and not the way in.
func opens(p *play, name string, args []string) error {
	page, err := p.browser(name).Get(args[0])
	if err != nil {
		return err
	}
	elsewhere := func(way string) bool { return strings.HasPrefix(page.Path, way) && !strings.HasPrefix(args[0], way) }
	if page.Status != http.StatusOK || elsewhere("/signin") || elsewhere("/lock") {
		return &people.Refusal{Page: page}
	}
	return nil
}

// clicks: clicks WORDS; the first link of the last page whose text or address holds them.
func clicks(p *play, name string, args []string) error {
	page, err := p.page(name)
	if err != nil {
		return err
	}
	href, ok := page.Link(strings.Join(args, " "))
	if !ok {
		return fmt.Errorf("%s has no link to %v but %v", page.Path, args, page.Links())
	}
	return opens(p, name, []string{href})
}

// gets: gets STATUS at PATH.
func gets(p *play, name string, args []string) error {
	page, err := p.browser(name).Get(args[2])
	if err != nil {
		return err
	}
	return want(page, args[0])
}

func want(page *people.Page, status string) error {
	if n, err := strconv.Atoi(status); err != nil || page.Status != n {
		return fmt.Errorf("%s answered %d, not %s: %s", page.Path, page.Status, status, page.Says())
	}
	return nil
}

func (p *play) page(name string) (*people.Page, error) {
	if b := p.browsers[name]; b != nil && b.Page != nil {
		return b.Page, nil
	}
	return nil, fmt.Errorf("%s has opened nothing", name)
}

// sees: sees TEXT in what a person reads on the last page.
func sees(p *play, name string, args []string) error {
	page, err := p.page(name)
	if err != nil {
		return err
	}
	if !page.Has(strings.Join(args, " ")) {
		return fmt.Errorf("%s does not say %q; it says: %.600s", page.Path, strings.Join(args, " "), page.Text())
	}
	return nil
}

// reads: reads TEXT in the source of the last page.
func reads(p *play, name string, args []string) error {
	page, err := p.page(name)
	if err != nil {
		return err
	}
	if !strings.Contains(string(page.Body), strings.Join(args, " ")) {
		return fmt.Errorf("%s does not hold %q", page.Path, strings.Join(args, " "))
	}
	return nil
}

func values(args []string) (url.Values, error) {
	v := url.Values{}
	for _, a := range args {
		k, x, ok := strings.Cut(a, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not field=value", a)
		}
		v.Add(k, x)
	}
	return v, nil
}

// fills: fills FORM field=value...; the form of the last page whose action holds FORM (and that has the fields named after
// commas), sent.
func fills(p *play, name string, args []string) error {
	page, err := p.page(name)
	if err != nil {
		return err
	}
	v, err := values(args[1:])
	if err != nil {
		return err
	}
	f, err := page.Form(strings.Split(args[0], ",")...)
	if err != nil {
		return err
	}
	for k, x := range v {
		if !f.Has(k) {
			return fmt.Errorf("the form %s has no field %s but %v", args[0], k, f.Fields)
		}
		f.Values[k] = x
	}
	page, err = f.Send()
	if err != nil {
		return err
	}
	if page.Status >= 400 {
		return &people.Refusal{Page: page}
	}
	return nil
}

// posts: posts STATUS PATH field=value...; straight to a path, as an attacker does.
func posts(p *play, name string, args []string) error {
	v, err := values(args[2:])
	if err != nil {
		return err
	}
	page, err := p.browser(name).Post(args[1], v)
	if err != nil {
		return err
	}
	return want(page, args[0])
}

// attaches: attaches FORM FIELD NAME CONTENT field=value...; a file sent with a form of the last page.
func attaches(p *play, name string, args []string) error {
	page, err := p.page(name)
	if err != nil {
		return err
	}
	f, err := page.Form(args[0], args[1])
	if err != nil {
		return err
	}
	v, err := values(args[4:])
	if err != nil {
		return err
	}
	for k, x := range v {
		f.Values[k] = x
	}
	if page, err = f.Attach(args[1], args[2], []byte(args[3])).Send(); err != nil {
		return err
	}
	if page.Status >= 400 {
		return &people.Refusal{Page: page}
	}
	return nil
}

// says: says header NAME VALUE; agent TEXT; host NAME; language TAG; cookie NAME VALUE: what the browser tells from now on.
func says(p *play, name string, args []string) error {
	b := p.browser(name)
	switch args[0] {
	case "header":
		b.Header.Set(args[1], strings.Join(args[2:], " "))
	case "agent":
		b.Agent = strings.Join(args[1:], " ")
	case "host":
		b.Host = args[1]
	case "language":
		b.Lang = args[1]
	case "cookie":
		b.Cookies[args[1]] = args[2]
	case "nothing":
		b.Header, b.Host = http.Header{}, ""
	default:
		return fmt.Errorf("cannot say %q", args[0])
	}
	return nil
}

// comesFrom: comes from ADDRESS, with an empty browser.
func comesFrom(p *play, name string, args []string) error {
	p.browsers[name] = people.New(p.Origin, args[0])
	return nil
}

// copies: copies the cookies of PLAYER.
func copies(p *play, name string, args []string) error {
	p.browsers[name] = p.browser(args[len(args)-1]).Clone()
	return nil
}

func laterWord(ts *testscript.TestScript, _ bool, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	playOf(ts).clock.pass(d)
}

// platformWord: platform does NAME: the work that the platform does by itself every so often (review.sweep).
func platformWord(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(playOf(ts).House.Sweep(background(), args[1]))
}

// nobodyWord: nobody gets STATUS at PATH: an empty browser each time.
func nobodyWord(ts *testscript.TestScript, neg bool, args []string) {
	delete(playOf(ts).browsers, "visitor")
	act(ts, neg, "visitor", args)
}

func hasHeader(p *play, name string, args []string) error {
	page, err := p.page(name)
	if err != nil {
		return err
	}
	if got := strings.Join(page.Header.Values(args[0]), ", "); !strings.Contains(got, strings.Join(args[1:], " ")) || got == "" {
		return fmt.Errorf("%s is %q", args[0], got)
	}
	return nil
}

func hasCookie(p *play, name string, args []string) error {
	if p.browser(name).Cookies[args[0]] == "" {
		return fmt.Errorf("no cookie %s", args[0])
	}
	return nil
}
