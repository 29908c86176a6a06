package recognition

import "github.com/rempart/rempart/kit/i18n"

// scriptReasons say in words what is wrong with a script (pop.Problem).
var scriptReasons = map[string]string{
	"title":          i18n.Reason("script.title", "Donnez un titre, de 80 caractères au plus.", "Give a title, of at most 80 characters."),
	"for":            i18n.Reason("script.for", "Choisissez pour quels appelants.", "Choose for which callers."),
	"kind":           i18n.Reason("script.kind", "Choisissez ce que fait le script.", "Choose what the script does."),
	"params_many":    i18n.Reason("script.params_many", "Vingt paramètres au plus.", "Twenty parameters at most."),
	"param_name":     i18n.Reason("script.param_name", "Le nom d'un paramètre commence par une minuscule, puis des minuscules, chiffres ou « _ ».", "The name of a parameter begins with a small letter, then small letters, digits or “_”."),
	"param_source":   i18n.Reason("script.param_source", "Un paramètre vient de number, name, company, known ou card:champ.", "A parameter comes from number, name, company, known or card:field."),
	"param_form":     i18n.Reason("script.param_form", "Un numéro s'écrit e164, digits ou 00.", "A number is written e164, digits or 00."),
	"param_values":   i18n.Reason("script.param_values", "Une énumération a ses valeurs ; sa valeur par défaut en est une.", "An enum has its values; its default is one of them."),
	"param_type":     i18n.Reason("script.param_type", "Un paramètre est number, text ou enum.", "A parameter is number, text or enum."),
	"param_line":     i18n.Reason("script.param_line", "Écrivez un paramètre par ligne, comme dans l'exemple.", "Write one parameter per line, as in the example."),
	"param_twice":    i18n.Reason("script.param_twice", "Deux paramètres portent le même nom.", "Two parameters have the same name."),
	"param_unknown":  i18n.Reason("script.param_unknown", "Un paramètre entre accolades n'est pas déclaré.", "A parameter in braces is not declared."),
	"braces":         i18n.Reason("script.braces", "Une accolade n'entoure pas un paramètre.", "A brace does not stand around a parameter."),
	"url":            i18n.Reason("script.url", "Écrivez une adresse complète ; ses paramètres viennent après l'hôte.", "Write a whole address; its parameters come after the host."),
	"host":           i18n.Reason("script.host", "Cet hôte n'est pas dans la liste de l'organisation.", "This host is not in the organization's list."),
	"scheme":         i18n.Reason("script.scheme", "Seuls https et les schémas de l'organisation sont permis.", "Only https and the organization's own schemes are allowed."),
	"many":           i18n.Reason("script.limits_many", "Cent hôtes et vingt schémas au plus.", "A hundred hosts and twenty schemes at most."),
	"dots":           i18n.Reason("script.dots", "Une valeur changerait le chemin de l'adresse.", "A value would change the path of the address."),
	"by":             i18n.Reason("script.by", "Choisissez qui envoie la requête.", "Choose who sends the request."),
	"method":         i18n.Reason("script.method", "Choisissez GET, POST, PUT ou PATCH.", "Choose GET, POST, PUT or PATCH."),
	"header":         i18n.Reason("script.header", "Cet en-tête n'est pas permis, ou mal écrit.", "This header is not allowed, or badly written."),
	"body":           i18n.Reason("script.body", "Un corps ne va pas avec GET, et tient en 8 Kio.", "A body does not go with GET, and fits in 8 KiB."),
	"json":           i18n.Reason("script.json", "Le corps est du JSON ; les paramètres y sont dans des chaînes.", "The body is JSON; its parameters stand within strings."),
	"key":            i18n.Reason("script.key", "Un nom de champ ne contient pas de paramètre.", "The name of a field holds no parameter."),
	"path":           i18n.Reason("script.path", "Écrivez le chemin complet du programme.", "Write the whole path of the program."),
	"shell":          i18n.Reason("script.shell", "Un interpréteur de commandes n'est pas permis : nommez le programme lui-même.", "A command interpreter is not allowed: name the program itself."),
	"args_many":      i18n.Reason("script.args_many", "Vingt arguments au plus.", "Twenty arguments at most."),
	"arg":            i18n.Reason("script.arg", "Écrivez un argument par ligne.", "Write one argument per line."),
	"arg_text_first": i18n.Reason("script.arg_text_first", "Un texte ne commence pas un argument : il deviendrait une option. Écrivez --nom={name}.", "A text does not begin an argument: it would become an option. Write --name={name}."),
	"option":         i18n.Reason("script.option", "Une valeur deviendrait une option.", "A value would become an option."),
	"not_for":        i18n.Reason("script.not_for", "Pas pour cet appelant.", "Not for this caller."),
	"unsigned":       i18n.Reason("script.unsigned", "La liste signée des programmes ne le contient pas tel qu'il est.", "The signed list of programs does not hold it as it is."),
}

// ScriptReason is the code of the sentence that says why a script is refused, or does nothing.
func ScriptReason(word string) string { return scriptReasons[word] }

// ErrScriptLine tells that a line of a form could not be read.
func ErrScriptLine(field, word string) error { return errScript.With(field, scriptReasons[word]) }
