package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/edge"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// Probes gives the probes of this room.
func (m *Module) Probes() []*core.Probe {
	return []*core.Probe{
		m.watch("session.idle", tIdle, m.seeIdle, immortal, cached("session.idle")),
		m.watch("session.absolute", tAbsolute, m.seeAbsolute, reborn, cached("session.absolute")),
		m.watch("session.lock", tLock, m.seeLock, awake, cached("session.lock")),
		m.watch("session.rotation", tRotation, m.seeRotation, unpaced, survivor),
		m.watch("session.cookie", tCookie, m.seeCookie, open("script", "lisible par un script", "readable by a script", func(c *http.Cookie) { c.HttpOnly = false }),
			open("clear", "envoyé en clair", "sent in the clear", func(c *http.Cookie) { c.Secure = false }),
			open("lasting", "gardé après la fermeture du navigateur", "kept after the browser is closed", func(c *http.Cookie) { c.MaxAge = 86400 }),
			open("anywhere", "envoyé par d'autres sites", "sent by other sites", func(c *http.Cookie) { c.SameSite = http.SameSiteNoneMode })),
		m.watch("session.everywhere", tEverywhere, m.seeEverywhere, undead("session.everywhere"), cached("session.everywhere")),
		m.watch("session.theft", tTheft, m.seeTheft, undead("session.theft"), disguised),
		m.watch("session.stepup", tStepUp, m.seeStepUp, used, fresh),
	}
}

func (m *Module) watch(id string, title i18n.Sentence, see func(*scene) (core.Sight, error), faults ...core.PlantedFault) *core.Probe {
	return &core.Probe{ID: id, Kind: core.BehaviourProbe, Title: probe.Text(title), Faults: faults, Run: func(ctx context.Context, s core.Stage) (core.Sight, error) {
		sc, err := m.enter(ctx, s)
		if err != nil {
			return core.Sight{}, err
		}
		seen, err := see(sc)
		if err != nil {
			return core.Sight{}, err
		}
		seen.Entries, err = s.Witness(ctx, sc.c, "signin.complete")
		return seen, err
	}}
}

var (
	tIdle       = i18n.T("Une session inutilisée prend fin", "An unused session ends")
	tAbsolute   = i18n.T("Une session prend fin au terme de sa durée, même utilisée", "A session ends when its time is up, even in use")
	tLock       = i18n.T("Une session inutilisée se verrouille", "An unused session locks")
	tRotation   = i18n.T("Le secret d'une session change en cours de route", "The secret of a session changes on the way")
	tCookie     = i18n.T("Le cookie de session ne se lit ni ne part ailleurs", "The session cookie is neither read nor sent elsewhere")
	tEverywhere = i18n.T("« Se déconnecter partout » arrête les autres sessions", "\"Sign out everywhere\" ends the other sessions")
	tTheft      = i18n.T("Une session volée est arrêtée", "A stolen session is ended")
	tStepUp     = i18n.T("Un acte sensible exige une preuve récente", "A sensitive act demands a recent proof")

	tDumb     = i18n.T("La session d'un canari qui vient d'entrer ne sert pas : rien ne peut être vu.", "The session of a canary who has just come in does not serve: nothing can be seen.")
	tEnded    = i18n.T("Une session témoin servait encore à %s ; à %s (limite : %s) elle a été refusée.", "A canary's session still served at %s; at %s (limit: %s) it was refused.")
	tLives    = i18n.T("Une session témoin sert encore à %s, la limite étant %s.", "A canary's session still serves at %s, the limit being %s.")
	tEarly    = i18n.T("Une session témoin a été refusée à %s, avant sa limite de %s.", "A canary's session was refused at %s, before its limit of %s.")
	tNoLock   = i18n.T("Aucun verrouillage n'est réglé : une session inutilisée reste ouverte jusqu'à sa fin.", "No lock is set: an unused session stays open until it ends.")
	tLocked   = i18n.T("Après %s sans usage une session témoin s'est verrouillée ; un mot de passe faux ne l'a pas ouverte, le bon l'a ouverte.", "After %s unused a canary's session locked; a wrong password did not open it, the right one did.")
	tOpenLock = i18n.T("Une session témoin verrouillée s'est ouverte avec un mot de passe faux.", "A canary's locked session opened with a wrong password.")
	tStuck    = i18n.T("Une session témoin verrouillée ne s'ouvre pas avec le bon mot de passe.", "A canary's locked session does not open with the right password.")

	tPaced     = i18n.T("Après %s le navigateur a reçu une nouvelle valeur ; après une preuve d'identité le secret a changé et l'ancien a été refusé.", "After %s the browser was given a new value; after a proof of identity the secret changed and the former one was refused.")
	tUnpaced   = i18n.T("Après %s le navigateur n'a pas reçu de nouvelle valeur.", "After %s the browser was not given a new value.")
	tUnraised  = i18n.T("Après une preuve d'identité le secret de la session n'a pas changé.", "After a proof of identity the secret of the session did not change.")
	tOldServes = i18n.T("Après une preuve d'identité l'ancien secret sert encore.", "After a proof of identity the former secret still serves.")

	tSealed    = i18n.T("Le cookie est réservé à ce site (__Host-), au chiffrement et au serveur, et meurt avec le navigateur ; la base n'en garde que l'empreinte. %d propriétés sur %d.", "The cookie is for this site alone (__Host-), for encryption and for the server, and dies with the browser; the database keeps its hash alone. %d properties of %d.")
	tUnsealed  = i18n.T("Propriétés du cookie manquantes : %d sur %d (%s).", "Properties of the cookie that are missing: %d of %d (%s).")
	tGone      = i18n.T("Deux sessions témoins étaient ouvertes : « partout » a arrêté l'autre dès la requête suivante (%d ms), puis la déconnexion a arrêté celle-ci.", "Two canary sessions were open: \"everywhere\" ended the other from the next request on (%d ms), then signing out ended this one.")
	tStays     = i18n.T("Une session témoin sert encore après la déconnexion partout.", "A canary's session still serves after the sign-out everywhere.")
	tLeft      = i18n.T("Une session témoin sert encore après la déconnexion.", "A canary's session still serves after the sign-out.")
	tCaught    = i18n.T("%d vols sur %d ont été vus (autre navigateur, ancienne valeur rejouée) : la session a été arrêtée pour tous et la personne prévenue.", "%d thefts of %d were seen (another browser, a former value replayed): the session was ended for all and the person told.")
	tUncaught  = i18n.T("Un vol n'a pas été vu : %s.", "A theft was not seen: %s.")
	tOther     = i18n.T("le cookie sert dans un autre navigateur", "the cookie serves in another browser")
	tReplayed  = i18n.T("une ancienne valeur du cookie sert encore", "a former value of the cookie still serves")
	tUntold    = i18n.T("la personne n'a pas été prévenue", "the person was not told")
	tAsked     = i18n.T("Avec une preuve vieille de %s (limite : %s) l'acte a été refusé et rien n'a été fait ; une preuve fausse n'a rien ouvert ; après la bonne, l'acte est passé.", "With a proof %s old (limit: %s) the act was refused and nothing was done; a wrong proof opened nothing; after the right one the act went through.")
	tUnasked   = i18n.T("Avec une preuve vieille de %s (limite : %s) un acte sensible est passé.", "With a proof %s old (limit: %s) a sensitive act went through.")
	tUnproved  = i18n.T("Une preuve fausse a valu preuve d'identité.", "A wrong answer counted as a proof of identity.")
	tUngranted = i18n.T("Après une preuve récente l'acte est encore refusé.", "After a recent proof the act is still refused.")
)

var errNotCanary = errors.New("session: time passes for canaries alone")

var ageDuty = core.Duty{Name: "session.age", Why: "a probe lets time pass for the session of its own canary; nobody else's moves"}

var (
	qAgeUsed   = db.SQL(`UPDATE session_session SET used_at = $2 WHERE person = $1 AND ended_at = 0`)
	qAgeBegan  = db.SQL(`UPDATE session_session SET began_at = $2 WHERE person = $1 AND ended_at = 0`)
	qAgeProved = db.SQL(`UPDATE session_session SET proved_at = $2 WHERE person = $1 AND ended_at = 0`)
	qAgeMoved  = db.SQL(`UPDATE session_session SET moved_at = $2 WHERE person = $1 AND ended_at = 0`)
	qKeeps     = db.SQL(`SELECT COUNT(*) FROM session_session WHERE secret = $1`)
)

// scene is one canary with a session.
type scene struct {
	ctx context.Context
	m   *Module
	s   core.Stage
	c   core.Canary
	in  *http.Client
	p   core.SessionPolicy
}

func (m *Module) enter(ctx context.Context, s core.Stage) (*scene, error) {
	c, err := s.Canary(ctx)
	if err != nil {
		return nil, err
	}
	sc := &scene{ctx: ctx, m: m, s: s, c: c}
	if sc.in, err = s.Enter(ctx, c); err != nil {
		return nil, err
	}
	err = m.needs.Store.Read(ctx, func(tx core.Tx) error {
		p, err := m.needs.Settings.For(ctx, tx, c.Org)
		sc.p = p.Session
		sc.p.Idle, sc.p.Absolute = limits(p.Session)
		return err
	})
	if err != nil {
		return nil, err
	}
	if served, _, err := sc.serves(sc.in); err != nil || !served {
		return nil, probe.Because(err, tDumb)
	}
	return sc, nil
}

// age puts a mark of the canary's sessions so long before now. Nobody else's can be moved.
func (sc *scene) age(column string, by time.Duration) error {
	m := sc.m
	return m.needs.Gate.Keep(sc.ctx, &ageDuty, func(tx core.Tx) error {
		p, err := m.needs.People.Person(sc.ctx, tx, sc.c.Person)
		if err != nil {
			return err
		}
		if !p.IsCanary() {
			return errNotCanary
		}
		_, err = tx.Exec(sc.ctx, column, sc.c.Person, clock.Micros(m.needs.Clock.Now().Add(-by)))
		return err
	})
}

// proof is what the page that asks for a fresh proof takes: a code of who has an authenticator, the password of the others.
func (sc *scene) proof() (string, error) {
	code, err := sc.s.Code(sc.ctx, sc.c)
	if core.KindOf(err) == core.NotFound {
		return sc.c.Password, nil
	}
	return code, err
}

// home is a page of every person's own.
const home = "/me/security"

// serves tells whether a client still gets a person's own page; locked that it is sent to the lock.
func (sc *scene) serves(c *http.Client) (served, locked bool, err error) {
	a, err := probe.Get(sc.ctx, c, home)
	return a.Status == http.StatusOK, a.Leads("/lock"), err
}

// cookie gives the value of a client's session.
func cookie(c *http.Client) string {
	for _, k := range c.Jar.Cookies(nil) {
		if k.Name == edge.SessionCookie {
			return k.Value
		}
	}
	return ""
}

// thief is another visitor with a copied cookie.
func (sc *scene) thief(value string) *http.Client {
	v := sc.s.Visitor()
	v.Jar.SetCookies(nil, []*http.Cookie{{Name: edge.SessionCookie, Value: value}})
	return v
}

func minutes(d time.Duration) string { return strconv.Itoa(int(d/time.Minute)) + " min" }

func settingsOf(name string, d time.Duration) map[string]string {
	return map[string]string{name: strconv.Itoa(int(d / time.Minute))}
}

// ends looks whether a session dies at a limit, and not before.
func (sc *scene) ends(name, column string, limit time.Duration) (core.Sight, error) {
	before, after := limit-time.Minute, limit+time.Second
	if err := sc.age(column, before); err != nil {
		return core.Sight{}, err
	}
	served, locked, err := sc.serves(sc.in)
	if err != nil {
		return core.Sight{}, err
	}
	seen := probe.Broken(1, 1, tEarly, minutes(before), minutes(limit))
	if served || locked {
		if err := sc.age(column, after); err != nil {
			return core.Sight{}, err
		}
		if served, locked, err = sc.serves(sc.in); err != nil {
			return core.Sight{}, err
		}
		seen = probe.Held(1, 1, tEnded, minutes(before), after.String(), minutes(limit))
		if served || locked {
			seen = probe.Broken(1, 1, tLives, after.String(), minutes(limit))
		}
	}
	seen.Settings = settingsOf(name, limit)
	return seen, nil
}

func (m *Module) seeIdle(sc *scene) (core.Sight, error) {
	return sc.ends("session.idle", qAgeUsed, sc.p.Idle)
}

func (m *Module) seeAbsolute(sc *scene) (core.Sight, error) {
	return sc.ends("session.absolute", qAgeBegan, sc.p.Absolute)
}

func (m *Module) seeLock(sc *scene) (seen core.Sight, err error) {
	defer func() { seen.Settings = settingsOf("session.lock", sc.p.Lock) }()
	if sc.p.Lock <= 0 {
		return probe.Broken(1, 1, tNoLock), nil
	}
	if err := sc.age(qAgeUsed, sc.p.Lock+time.Second); err != nil {
		return seen, err
	}
	if _, locked, err := sc.serves(sc.in); err != nil || !locked {
		return probe.Broken(1, 1, tLives, minutes(sc.p.Lock), minutes(sc.p.Lock)), err
	}
	for _, try := range []struct {
		password string
		opens    bool
		why      i18n.Sentence
	}{{sc.c.Password + "x", false, tOpenLock}, {sc.c.Password, true, tStuck}} {
		if _, err := probe.Post(sc.ctx, sc.in, "/lock", url.Values{"password": {try.password}}); err != nil {
			return seen, err
		}
		if served, _, err := sc.serves(sc.in); err != nil || served != try.opens {
			return probe.Broken(1, 1, try.why), err
		}
	}
	return probe.Held(1, 1, tLocked, minutes(sc.p.Lock)), nil
}

func (m *Module) seeRotation(sc *scene) (seen core.Sight, err error) {
	first := cookie(sc.in)
	if err := sc.age(qAgeMoved, pacing+time.Second); err != nil {
		return seen, err
	}
	if served, _, err := sc.serves(sc.in); err != nil || !served || cookie(sc.in) == first {
		return probe.Broken(1, 1, tUnpaced, minutes(pacing)), err
	}
	before := cookie(sc.in)
	proof, err := sc.proof()
	if err == nil {
		_, err = probe.Post(sc.ctx, sc.in, "/signin/again", url.Values{"answer": {proof}})
	}
	if err != nil {
		return seen, err
	}
	served, _, err := sc.serves(sc.in)
	if root, _, _ := strings.Cut(before, "."); err != nil || !served || strings.HasPrefix(cookie(sc.in), root) {
		return probe.Broken(1, 1, tUnraised), err
	}
	if served, _, err = sc.serves(sc.thief(before)); err != nil || served {
		return probe.Broken(1, 1, tOldServes), err
	}
	return probe.Held(1, 1, tPaced, minutes(pacing)), nil
}

func (m *Module) seeCookie(sc *scene) (seen core.Sight, err error) {
	if err := sc.age(qAgeMoved, pacing+time.Second); err != nil {
		return seen, err
	}
	a, err := probe.Get(sc.ctx, sc.in, home)
	if err != nil {
		return seen, err
	}
	given := &http.Cookie{}
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == edge.SessionCookie {
			given = c
		}
	}
	root, _, _, formed := parts(given.Value)
	var clear int64
	err = m.needs.Store.Read(sc.ctx, func(tx core.Tx) (err error) {
		clear, _, err = db.One(sc.ctx, tx, qKeeps, db.Value[int64], []byte(root))
		return err
	})
	var missing []string
	all := []struct {
		name string
		ok   bool
	}{
		{"__Host-", strings.HasPrefix(given.Name, "__Host-") && given.Path == "/" && given.Domain == ""},
		{"Secure", given.Secure},
		{"HttpOnly", given.HttpOnly},
		{"SameSite", given.SameSite == http.SameSiteLaxMode || given.SameSite == http.SameSiteStrictMode},
		{"session", given.MaxAge == 0 && given.Expires.IsZero()},
		{"256 bit", formed},
		{"hash", clear == 0},
	}
	for _, property := range all {
		if !property.ok {
			missing = append(missing, property.name)
		}
	}
	if len(missing) > 0 {
		return probe.Broken(len(all), len(all), tUnsealed, len(missing), len(all), strings.Join(missing, ", ")), err
	}
	return probe.Held(len(all), len(all), tSealed, len(all), len(all)), err
}

func (m *Module) seeEverywhere(sc *scene) (seen core.Sight, err error) {
	other, err := sc.s.Enter(sc.ctx, sc.c)
	if err != nil {
		return seen, err
	}
	if served, _, err := sc.serves(other); err != nil || !served {
		return seen, errors.Join(err, errors.New("session: the second session of a canary does not serve"))
	}
	if _, err := probe.Post(sc.ctx, sc.in, "/me/sessions/end-others", nil); err != nil {
		return seen, err
	}
	began := time.Now()
	if served, _, err := sc.serves(other); err != nil || served {
		return probe.Broken(2, 2, tStays), err
	}
	took := time.Since(began)
	left := cookie(sc.in)
	if _, err := probe.Post(sc.ctx, sc.in, "/signout", nil); err != nil {
		return seen, err
	}
	if served, _, err := sc.serves(sc.thief(left)); err != nil || served {
		return probe.Broken(2, 2, tLeft), err
	}
	return probe.Held(2, 2, tGone, took.Milliseconds()), nil
}

const otherBrowser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36"

func (m *Module) seeTheft(sc *scene) (seen core.Sight, err error) {
	// A former value is replayed, once the next one is in use and its grace is over.
	former := cookie(sc.in)
	for _, by := range []time.Duration{pacing + time.Second, 0, grace + time.Second} {
		if by > 0 {
			err = sc.age(qAgeMoved, by)
		}
		if err == nil && by != grace+time.Second {
			_, _, err = sc.serves(sc.in)
		}
		if err != nil {
			return seen, err
		}
	}
	if served, _, err := sc.serves(sc.thief(former)); err != nil || served {
		return probe.Broken(2, 2, tUncaught, tReplayed), err
	}
	if served, _, err := sc.serves(sc.in); err != nil || served {
		return probe.Broken(2, 2, tUncaught, tReplayed), err
	}
	if _, err := sc.s.Letter(sc.ctx, sc.c, "session.stolen"); err != nil {
		return probe.Broken(2, 2, tUncaught, tUntold), nil
	}
	// The present value is copied into another browser.
	if sc.in, err = sc.s.Enter(sc.ctx, sc.c); err != nil {
		return seen, err
	}
	r, err := http.NewRequestWithContext(sc.ctx, http.MethodGet, home, nil)
	if err != nil {
		return seen, err
	}
	r.Header.Set("User-Agent", otherBrowser)
	a, err := probe.Do(sc.thief(cookie(sc.in)), r)
	if err != nil {
		return seen, err
	}
	served, _, err := sc.serves(sc.in)
	if err != nil || served || a.Status == http.StatusOK {
		return probe.Broken(2, 2, tUncaught, tOther), err
	}
	return probe.Held(2, 2, tCaught, 2, 2), nil
}

func (m *Module) seeStepUp(sc *scene) (seen core.Sight, err error) {
	limit := min(sc.p.Fresh, EndOwn.Fresh)
	if limit <= 0 {
		limit = EndOwn.Fresh
	}
	defer func() { seen.Settings = settingsOf("session.fresh", sc.p.Fresh) }()
	other, err := sc.s.Enter(sc.ctx, sc.c)
	if err != nil {
		return seen, err
	}
	old := limit + time.Second
	if err := errors.Join(sc.age(qAgeProved, old), sc.age(qAgeUsed, touching+time.Second)); err != nil {
		return seen, err
	}
	if _, _, err := sc.serves(sc.in); err != nil { // use is no proof
		return seen, err
	}
	act := func() (done bool, err error) {
		if _, err := probe.Post(sc.ctx, sc.in, "/me/sessions/end-others", nil); err != nil {
			return false, err
		}
		served, _, err := sc.serves(other)
		return !served, err
	}
	if done, err := act(); err != nil || done {
		return probe.Broken(1, 1, tUnasked, old.String(), minutes(limit)), err
	}
	proof, err := sc.proof()
	if err != nil {
		return seen, err
	}
	for _, try := range []struct {
		answer string
		opens  bool
		why    i18n.Sentence
	}{{sc.c.Password + "x", false, tUnproved}, {proof, true, tUngranted}} {
		if _, err := probe.Post(sc.ctx, sc.in, "/signin/again", url.Values{"answer": {try.answer}}); err != nil {
			return seen, err
		}
		if done, err := act(); err != nil || done != try.opens {
			return probe.Broken(1, 1, try.why), err
		}
	}
	return probe.Held(1, 1, tAsked, old.String(), minutes(limit)), nil
}

func fault(id, fr, en string, plant func(context.Context, core.Saboteur) error) core.PlantedFault {
	return core.PlantedFault{ID: id, Title: core.Text{FR: fr, EN: en}, Plant: plant}
}

func cached(id string) core.PlantedFault {
	return fault(id+"/cached", "Un cache devant les pages les montre à qui n'y a plus droit", "A cache in front shows pages to who may no longer see them", probe.Front(probe.Cache))
}

func undead(id string) core.PlantedFault {
	return fault(id+"/undead", "Une session arrêtée revit", "A session that was ended lives again", probe.Rows(
		`CREATE TRIGGER undead AFTER UPDATE OF ended_at ON session_session WHEN NEW.ended_at > 0 BEGIN
			UPDATE session_session SET ended_at = 0, reason = '' WHERE id = NEW.id; END`))
}

func open(id, fr, en string, change func(*http.Cookie)) core.PlantedFault {
	return fault("session.cookie/"+id, "Le cookie est "+fr, "The cookie is "+en, probe.Front(probe.Cookie(edge.SessionCookie, change)))
}

// back makes a trigger that keeps a mark of time from going back: to the session it looks as if it had just been used.
func back(column string) string {
	return fmt.Sprintf(`CREATE TRIGGER back AFTER UPDATE OF %[1]s ON session_session WHEN NEW.%[1]s < OLD.%[1]s BEGIN
		UPDATE session_session SET %[1]s = OLD.%[1]s WHERE id = NEW.id; END`, column)
}

var (
	immortal = fault("session.idle/immortal", "Une session se croit toujours utilisée", "A session believes itself always in use", probe.Rows(back("used_at")))
	reborn   = fault("session.absolute/reborn", "Une session recommence sans fin", "A session begins over and over", probe.Rows(back("began_at")))
	awake    = fault("session.lock/awake", "Une session ne se verrouille jamais", "A session never locks", probe.Rows(back("used_at")))
	fresh    = fault("session.stepup/fresh", "Une preuve d'identité ne vieillit pas", "A proof of identity never grows old", probe.Rows(back("proved_at")))
	used     = fault("session.stepup/used", "L'usage vaut preuve d'identité", "Use counts as a proof of identity", probe.Rows(
		`CREATE TRIGGER used AFTER UPDATE OF used_at ON session_session WHEN NEW.used_at > OLD.used_at BEGIN
			UPDATE session_session SET proved_at = NEW.used_at WHERE id = NEW.id; END`))
	unpaced = fault("session.rotation/unpaced", "Le navigateur ne reçoit jamais de nouvelle valeur", "The browser is never given a new value", probe.Rows(back("moved_at")))
	// survivor keeps the former secret alive beside the new one.
	survivor = fault("session.rotation/survivor", "L'ancien secret survit au nouveau", "The former secret outlives the new one", probe.Rows(
		`CREATE TRIGGER survivor AFTER UPDATE OF secret ON session_session WHEN NEW.secret <> OLD.secret BEGIN
			INSERT INTO session_session SELECT OLD.id || 'x', OLD.secret, OLD.pace, OLD.generation, OLD.moved_at, OLD.person, OLD.account, OLD.staff,
				OLD.aal, OLD.device, OLD.browser, OLD.system, OLD.address, OLD.began_at, OLD.used_at, OLD.proved_at, 0, 0, ''; END`))
	disguised = fault("session.theft/disguised", "Un relais fait passer tout navigateur pour le même", "A relay makes every browser look the same", probe.Front(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("User-Agent", "Mozilla/5.0 Firefox/145.0")
			next.ServeHTTP(w, r)
		})
	}))
)
