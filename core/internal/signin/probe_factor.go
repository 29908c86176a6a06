package signin

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/browse"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// code gives the second factor of a sign-in whose password was given, and tells whether it let the browser in.
func (sc *scene) code(v *http.Client, code string) (bool, error) {
	if _, err := probe.Post(sc.ctx, v, "/signin/factor", url.Values{"code": {code}}); err != nil {
		return false, err
	}
	return sc.opened(v)
}

// half signs a new browser in up to the second factor, and tells whether one was demanded.
func (sc *scene) half() (v *http.Client, demanded bool, err error) {
	v = sc.s.Visitor()
	if _, err = sc.begin(v, sc.c.Email); err != nil {
		return v, false, err
	}
	a, _, err := sc.try(v, sc.c.Password)
	if err != nil {
		return v, false, err
	}
	in, err := sc.opened(v)
	return v, a.Leads("/signin/factor") && !in, err
}

// wrongCode is one that no authenticator shows: not six digits of any step, with a chance of three in a million.
const wrongCode = "000000"

func (m *Module) seeFactor(sc *scene) (seen core.Sight, err error) {
	if err := sc.canary(); err != nil {
		return seen, err
	}
	phone, first, backup, err := sc.enrol()
	if err != nil {
		return seen, err
	}
	v, demanded, err := sc.half()
	if err != nil || !demanded {
		return probe.Broken(1, 1, tOnlyOne), err
	}
	for _, try := range []struct {
		code string
		what i18n.Sentence
	}{{wrongCode, tWrongCode}, {first, tOldCode}} {
		if in, err := sc.code(v, try.code); err != nil || in {
			return probe.Broken(1, 1, tAnyCode, try.what), err
		}
	}
	next, err := phone.Code()
	if err != nil {
		return seen, err
	}
	if in, err := sc.code(v, next); err != nil || !in {
		return probe.Broken(1, 1, tNoCode), err
	}
	for i, works := range []bool{true, false} {
		if v, _, err = sc.half(); err != nil {
			return seen, err
		}
		in, err := sc.code(v, backup)
		switch {
		case err != nil:
			return seen, err
		case in && !works:
			return probe.Broken(1, 1, tAnyCode, tOldBackup), nil
		case !in && works:
			return seen, errors.New("signin: recovery code " + strconv.Itoa(i) + " does not open")
		}
	}
	return probe.Held(1, 1, tTwice), nil
}

// enrol sets an authenticator up through the pages: the first code, and a recovery code.
func (sc *scene) enrol() (phone *browse.Authenticator, first, backup string, err error) {
	in, err := sc.s.Enter(sc.ctx, sc.c)
	if err != nil {
		return nil, "", "", err
	}
	b := browse.Over(in)
	page, err := b.Post("/me/second-factor", nil)
	if err != nil {
		return nil, "", "", err
	}
	secret, _ := page.Element("secret")
	phone = &browse.Authenticator{Secret: secret}
	if first, err = phone.Code(); err != nil {
		return nil, "", "", err
	}
	if page, err = b.Post("/me/second-factor/confirm", url.Values{"code": {first}}); err != nil {
		return nil, "", "", err
	}
	codes, _ := page.Element("secret")
	if backup, _, _ = strings.Cut(codes, " "); backup == "" {
		return nil, "", "", errors.New("signin: no recovery codes were given: " + page.Says())
	}
	return phone, first, backup, nil
}

func (m *Module) seeStaffFactor(sc *scene) (seen core.Sight, err error) {
	if err := sc.canary("provider.support"); err != nil {
		return seen, err
	}
	v, demanded, err := sc.half()
	if err != nil || !demanded {
		return probe.Broken(1, 1, tOnlyOne), err
	}
	if in, err := sc.code(v, wrongCode); err != nil || in {
		return probe.Broken(1, 1, tAnyCode, tWrongCode), err
	}
	in, err := sc.s.Enter(sc.ctx, sc.c)
	if err != nil {
		return seen, err
	}
	if _, err := probe.Post(sc.ctx, in, "/me/second-factor/remove", nil); err != nil {
		return seen, err
	}
	if _, demanded, err = sc.half(); err != nil || !demanded {
		return probe.Broken(1, 1, tStripped), err
	}
	return probe.Held(1, 1, tStaff), nil
}

func (m *Module) seeStaffAddress(sc *scene) (seen core.Sight, err error) {
	if err := sc.canary("provider.support"); err != nil {
		return seen, err
	}
	in, err := sc.s.Enter(sc.ctx, sc.c)
	if err != nil {
		return seen, probe.Because(err, tNowhere)
	}
	moved := probe.From(in, probe.Outside)
	if on, err := sc.opened(moved); err != nil || on {
		return probe.Broken(1, 1, tElsewhere, probe.Outside, tWentOn), err
	}
	v, _, err := sc.halfFrom()
	if err != nil {
		return seen, err
	}
	next, err := sc.s.Code(sc.ctx, sc.c)
	if err != nil {
		return seen, err
	}
	if on, err := sc.code(v, next); err != nil || on {
		return probe.Broken(1, 1, tElsewhere, probe.Outside, tCameIn), err
	}
	return probe.Held(1, 1, tAdmitted, probe.Outside), nil
}

func (sc *scene) halfFrom() (v *http.Client, demanded bool, err error) {
	v = probe.From(sc.s.Visitor(), probe.Outside)
	if _, err = sc.begin(v, sc.c.Email); err != nil {
		return v, false, err
	}
	a, _, err := sc.try(v, sc.c.Password)
	return v, a.Leads("/signin/factor"), err
}
