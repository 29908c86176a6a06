package recognition

import (
	"time"

	"github.com/rempart/rempart/core"
)

// fresh is how recent a proof of identity must be of whoever sees a secret, connects, signs, removes or ends something.
const fresh = 15 * time.Minute

// The acts on links and cards.
var (
	// FindCard is a lookup: a read of what is known of a caller.
	FindCard = &core.ActDef{
		Permission: "card.find", Resource: "card", Verb: core.Reads, Purpose: Purpose, Holders: []string{RoleUser, RoleAgent},
		Title: core.Text{FR: "Demander qui est un numéro", EN: "Ask who a number is"},
	}
	ReadLinks = &core.ActDef{
		Permission: "link.read", Resource: "link", Verb: core.Reads, Purpose: Purpose, Holders: []string{RoleManager, "admin"},
		Title: core.Text{FR: "Voir les outils reliés et leurs réglages", EN: "See linked tools and their settings"},
	}
	ManageLink = &core.ActDef{
		Permission: "link.manage", Resource: "link", Verb: core.Updates, Purpose: Purpose, Holders: []string{RoleManager},
		Title: core.Text{FR: "Relier un outil, régler ce qui est montré", EN: "Link a tool, set what is shown"},
	}
	ReadLinkSecret = &core.ActDef{
		Permission: "link.secret", Resource: "link", Verb: core.Reads, Purpose: Purpose, Holders: []string{RoleManager}, Fresh: fresh,
		Title: core.Text{FR: "Voir les secrets d'un outil relié", EN: "See the secrets of a linked tool"},
	}
	RemoveLinkAct = &core.ActDef{
		Permission: "link.remove", Resource: "link", Verb: core.Deletes, Purpose: Purpose, Holders: []string{RoleManager, "admin"}, Fresh: fresh,
		Title: core.Text{FR: "Retirer un outil relié et effacer ses fiches", EN: "Remove a linked tool and erase its cards"},
	}
)

var cardActs = []*core.ActDef{FindCard, ReadLinks, ManageLink, ReadLinkSecret, RemoveLinkAct}

// Tidy is the duty of ending rows that nothing leads to any more, and of making new ones ready.
var Tidy = &core.Duty{
	Name: "recognition.tidy",
	Why:  "indexes a generation of cards before its act switches to it, and ends the rows of a generation that an act has left or of a link that an act has removed: the act is the entry",
}

var (
	card = core.Column{Category: "contact", Purpose: Purpose, Basis: core.Contract, Retention: "card", OnErase: core.Keep}
	// sealedCard is what is told of a caller, under the key of the link.
	sealedCard = core.Column{Category: "contact", Purpose: Purpose, Basis: core.Contract, Retention: "card", Sealed: true, OnErase: core.Keep}
	linkSealed = core.Column{Category: "professional", Purpose: Purpose, Basis: core.Contract, Retention: "card", Sealed: true, OnErase: core.Keep}
	linkSecret = core.Column{Category: "security", Purpose: Purpose, Basis: core.Contract, Retention: "card", Sealed: true, Secret: true, OnErase: core.Keep}
)

// cardRule ends with the link: the keys of persons are not those of the cards, and a person of a client's client asks the client.
var cardRule = core.RetentionRule{
	Name: "card", Title: core.Text{FR: "aussi longtemps que l'outil est relié, et que la fiche s'y trouve", EN: "as long as the tool is linked and the card stands in it"},
	From: core.Text{FR: "la fiche est venue de l'outil", EN: "the card came from the tool"}, Ground: core.Contract,
}

var linkTable = core.Table{Name: "recognition_link", Title: core.Text{FR: "Outils reliés", EN: "Linked tools"}, Columns: core.Columns(
	core.Plain("org", "id", "state", "version", "shelf", "cards", "turn_at", "made_at"), core.Personal(owned, "made_by"),
	core.Personal(linkSealed, "settings"), core.Personal(linkSecret, "secret"))}

// cardTables are in no backup: the tool has them (CTI-36.3).
var cardTables = []core.Table{
	{
		Name: "recognition_shelf", Title: core.Text{FR: "Générations de fiches", EN: "Generations of cards"}, Unsaved: true,
		Columns: core.Plain("org", "shelf", "link", "state", "made_at"),
	},
	{
		Name: "recognition_card", Title: core.Text{FR: "Fiches des appelants", EN: "Cards of callers"}, Unsaved: true,
		Columns: core.Columns(core.Plain("org", "shelf"), core.Personal(card, "key", "mark", "blinds"), core.Personal(sealedCard, "value")),
	},
	{
		Name: "recognition_number", Title: core.Text{FR: "Index aveugle des numéros", EN: "Blind index of numbers"}, Unsaved: true,
		Columns: core.Columns(core.Plain("org", "shelf"), core.Personal(card, "blind", "key")),
	},
	{
		Name: "recognition_trunk", Title: core.Text{FR: "Débuts de numéros des sociétés", EN: "Beginnings of companies' numbers"}, Unsaved: true,
		Columns: core.Columns(core.Plain("org", "link", "digits"), core.Personal(card, "blind"), core.Personal(sealedCard, "value")),
	},
}

// cardTableNames are those of the activity.
var cardTableNames = []string{"recognition_link", "recognition_shelf", "recognition_card", "recognition_number", "recognition_trunk"}
