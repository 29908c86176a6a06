// Package sheet reads contacts from a CSV text or an XLSX workbook, line by line.
//
// Owns: encodings and separators found by looking, limits of hostile files, the key of a line. Must not know: other tools, the
// mapping. Start reading at: Open.
package sheet

import (
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
)

var (
	errEmpty    = i18n.Fault(core.Invalid, "source.sheet_empty", "« %s » est vide : il faut une ligne de titres.", "“%s” is empty: it needs a heading line.")
	errKind     = i18n.Fault(core.Invalid, "source.sheet_kind", "« %s » n'est ni un tableau CSV ni un classeur .xlsx.", "“%s” is neither a CSV sheet nor an .xlsx workbook.")
	errOld      = i18n.Fault(core.Invalid, "source.sheet_old", "« %s » est un ancien classeur .xls, ou il a un mot de passe. Enregistrez-le en .xlsx sans mot de passe, ou en CSV.", "“%s” is an old .xls workbook, or it has a password. Save it as .xlsx without a password, or as CSV.")
	errMacro    = i18n.Fault(core.Invalid, "source.sheet_macro", "« %s » contient des macros. Enregistrez-le en .xlsx sans macro, ou en CSV.", "“%s” holds macros. Save it as .xlsx without macros, or as CSV.")
	errExternal = i18n.Fault(core.Invalid, "source.sheet_external", "« %s » contient des liens vers d'autres fichiers ou des objets incorporés. Collez les valeurs seules dans un classeur neuf.", "“%s” holds links to other files or embedded objects. Paste values only into a new workbook.")
	errBomb     = i18n.Fault(core.Invalid, "source.sheet_bomb", "« %s » se déploie bien au-delà de sa taille : il n'est pas ouvert.", "“%s” unpacks far beyond its size: it is not opened.")
	errBroken   = i18n.Fault(core.Invalid, "source.sheet_broken", "« %s » est illisible ou abîmé. Ouvrez-le, enregistrez-le à nouveau en .xlsx ou en CSV.", "“%s” cannot be read or is damaged. Open it and save it again as .xlsx or CSV.")
	errTab      = i18n.Fault(core.Invalid, "source.sheet_tab", "« %s » n'a pas de feuille « %s ». Ses feuilles : %s.", "“%s” has no sheet “%s”. Its sheets: %s.")
	errEncoding = i18n.Fault(core.Invalid, "source.sheet_encoding", "Le texte de « %s » n'est ni en UTF-8, ni en UTF-16, ni en Windows-1252. Enregistrez-le en « CSV UTF-8 ».", "The text of “%s” is neither UTF-8, UTF-16 nor Windows-1252. Save it as “CSV UTF-8”.")
	errQuote    = i18n.Fault(core.Invalid, "source.sheet_quotes", "« %s », ligne %d : un guillemet n'est pas fermé ou est mal placé.", "“%s”, line %d: a quotation mark is not closed or is misplaced.")
	errWide     = i18n.Fault(core.Invalid, "source.sheet_columns", "« %s », ligne %d : %d colonnes ; %d au plus.", "“%s”, line %d: %d columns; at most %d.")
	errLine     = i18n.Fault(core.Invalid, "source.sheet_line", "« %s », ligne %d : cette ligne est démesurée, ou un guillemet n'est pas fermé.", "“%s”, line %d: this line is far too long, or a quotation mark is not closed.")
	errColumn   = i18n.Fault(core.Invalid, "source.sheet_column", "« %s » n'a pas de colonne « %s ». Ses colonnes : %s.", "“%s” has no column “%s”. Its columns: %s.")
)
