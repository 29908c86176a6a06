package tool

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

// What is said of settings and of tools. Arguments are names of files, settings and hosts: never a value that a tool gave.
var (
	errSyntax  = i18n.Fault(core.Invalid, "source.settings_unreadable", "%s : ce fichier YAML est illisible (%s).", "%s: this YAML file cannot be read (%s).")
	errUnknown = i18n.Fault(core.Invalid, "source.setting_unknown", "%s, ligne %d : le réglage « %s » n'existe pas. Écrivez l'un de : %s.", "%s, line %d: there is no setting “%s”. Write one of: %s.")
	errTwice   = i18n.Fault(core.Invalid, "source.setting_twice", "%s, ligne %d : le réglage « %s » est écrit deux fois. Gardez-en un.", "%s, line %d: the setting “%s” is written twice. Keep one.")
	errMissing = i18n.Fault(core.Invalid, "source.setting_missing", "%s, ligne %d : il manque le réglage « %s ». Écrivez par exemple « %s: %s ».", "%s, line %d: the setting “%s” is missing. Write for example “%s: %s”.")
	errWrong   = i18n.Fault(core.Invalid, "source.setting_wrong", "%s, ligne %d : « %s » ne peut pas prendre cette valeur. Écrivez par exemple « %s ».", "%s, line %d: “%s” cannot take this value. Write for example “%s”.")
	errKind    = i18n.Fault(core.Invalid, "source.kind_unknown", "%s, ligne %d : la sorte de source « %s » n'existe pas. Écrivez l'une de : %s.", "%s, line %d: there is no kind of source “%s”. Write one of: %s.")
	errInline  = i18n.Fault(core.Invalid, "source.secret_written", "%s, ligne %d : « %s » contient le secret lui-même. Écrivez « %s: {file: /chemin/du/secret} » ou « %s: {env: NOM} ».", "%s, line %d: “%s” holds the secret itself. Write “%s: {file: /path/of/the/secret}” or “%s: {env: NAME}”.")

	errSecretFile = i18n.Fault(core.Invalid, "source.secret_unreadable", "Le fichier de secret « %s » est illisible ou vide.", "The secret file “%s” cannot be read or is empty.")
	errSecretOpen = i18n.Fault(core.Invalid, "source.secret_open", "Tout le monde peut lire le fichier de secret « %s ». Retirez ce droit : chmod 640.", "Everybody may read the secret file “%s”. Take that right away: chmod 640.")
	errSecretEnv  = i18n.Fault(core.Invalid, "source.secret_unset", "La variable d'environnement « %s » est absente ou vide.", "The environment variable “%s” is not set or empty.")
	errOutside    = i18n.Fault(core.Forbidden, "source.outside", "Des réglages qui viennent de la plateforme ne peuvent pas nommer « %s » : seulement un fichier du dossier de agent.yaml, ou une variable REMPART_SOURCE_….", "Settings that come from the platform may not name “%s”: only a file of the folder of agent.yaml, or a variable REMPART_SOURCE_….")
	errPlain      = i18n.Fault(core.Invalid, "source.plain", "« %s » n'est pas chiffré. Écrivez une adresse https://, ou « plain: true » si ce réseau est sûr.", "“%s” is not encrypted. Write an https:// address, or “plain: true” when this network is safe.")

	errReach    = i18n.Fault(core.Busy, "source.unreachable", "« %s » ne répond pas.", "“%s” does not answer.")
	errDenied   = i18n.Fault(core.Forbidden, "source.denied", "« %s » refuse l'identité donnée. Vérifiez le compte, le secret et ses droits de lecture.", "“%s” refuses the identity given. Check the account, the secret and its right to read.")
	errStatus   = i18n.Fault(core.Busy, "source.answered", "« %s » répond %d.", "“%s” answers %d.")
	errNonsense = i18n.Fault(core.Invalid, "source.not_understood", "La réponse de « %s » n'est pas celle attendue (%s).", "What “%s” answers is not what is expected (%s).")
	errMoved    = i18n.Fault(core.Forbidden, "source.redirected", "« %s » renvoie vers une autre machine (« %s ») : rien n'y est envoyé. Écrivez l'adresse finale.", "“%s” redirects to another machine (“%s”): nothing is sent there. Write the final address.")
	errHuge     = i18n.Fault(core.Invalid, "source.record_huge", "La fiche n° %d est démesurée : la lecture s'arrête, rien n'est envoyé.", "Record %d is far too big: reading stops, nothing is sent.")
	errEndless  = i18n.Fault(core.Invalid, "source.endless", "La source ne finit pas (limite : %d) : la lecture s'arrête, rien n'est envoyé.", "The source does not end (limit: %d): reading stops, nothing is sent.")
	errLoop     = i18n.Fault(core.Invalid, "source.loop", "« %s » redonne la même page : la lecture s'arrête, rien n'est envoyé.", "“%s” gives the same page again: reading stops, nothing is sent.")
	errSize     = i18n.Fault(core.Invalid, "source.answer_huge", "« %s » envoie une réponse de plus de %d Mo : la lecture s'arrête, rien n'est envoyé.", "“%s” sends an answer of more than %d MB: reading stops, nothing is sent.")
	errSlow     = i18n.Fault(core.Busy, "source.later", "« %s » demande d'attendre %s : réessayez plus tard.", "“%s” asks to wait %s: try again later.")
	errBomb     = i18n.Fault(core.Invalid, "source.xml_refused", "La réponse de « %s » contient une déclaration XML interdite (DOCTYPE ou entité).", "What “%s” answers holds a forbidden XML declaration (DOCTYPE or entity).")
	errFile     = i18n.Fault(core.Invalid, "source.file_unreadable", "Le fichier « %s » est introuvable ou illisible.", "The file “%s” is absent or cannot be read.")
)

// ErrRestart asks for a whole reading: the tool no longer knows the mark.
var ErrRestart = errors.New("source: the tool no longer knows this mark; read it whole")

// Refuse fills a sentence and keeps its English form for logs.
func Refuse(e *core.Error, args ...any) error {
	c := *e
	c.Args = args
	return c.Because(errors.New(i18n.Explain(i18n.With(context.Background(), i18n.EN), e.Code, args...)))
}

// Nonsense says that an answer is not what is expected of such a tool; what is a short English word for logs.
func Nonsense(host, what string) error { return Refuse(errNonsense, host, what) }

// Denied says that the tool refuses the identity.
func Denied(host string) error { return Refuse(errDenied, host) }

// Unreachable says that the tool does not answer.
func Unreachable(host string) error { return Refuse(errReach, host) }

// Endless says that the tool gives more than a limit.
func Endless(most int) error { return Refuse(errEndless, most) }

// Loop says that the tool gives the same page again.
func Loop(host string) error { return Refuse(errLoop, host) }

// Unreadable says that a file cannot be read.
func Unreadable(file string) error { return Refuse(errFile, file) }

// Bomb says that an XML answer declares what only attacks declare.
func Bomb(host string) error { return Refuse(errBomb, host) }

// Cut shortens a text to at most n bytes without breaking a character.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
