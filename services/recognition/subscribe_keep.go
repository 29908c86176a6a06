package recognition

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/lapse"
)

var subscriptionTables = []core.Table{
	{Name: "recognition_subscription", Title: core.Text{FR: "Souscriptions", EN: "Subscriptions"}, Columns: core.Columns(
		core.Plain("org", "state", "way", "started_at", "ended_at"), core.Personal(owned, "started_by", "ended_by"))},
	{Name: "recognition_origin", Title: core.Text{FR: "Sites du formulaire de souscription", EN: "Sites of the subscription form"}, Columns: core.Columns(
		core.Plain("origin", "made_at"), core.Personal(owned, "made_by"))},
}

var subscriptionActivity = core.Activity{
	ID: "recognition.subscriptions", Title: core.Text{FR: "Souscriptions à la reconnaissance d'appels", EN: "Subscriptions to caller recognition"},
	About: core.Text{FR: "Donner le service aux organisations qui le demandent, et le leur retirer quand elles y mettent fin", EN: "Give the service to the organizations that ask for it, and take it away when they end it"},
	Part:  core.Controller, Purposes: []core.Purpose{core.PurposeService, Purpose},
	Persons:    []core.Text{{FR: "personnes qui souscrivent pour leur organisation", EN: "persons who subscribe for their organization"}},
	Recipients: []core.Text{{FR: "personnel habilité du prestataire", EN: "entitled staff of the provider"}},
	Tables:     []string{"recognition_subscription", "recognition_origin"},
	Acts: []core.Permission{
		"subscription.read", "subscription.start", "subscription.end", "subscription.begin",
		"subscription_form.read", "subscription_form.add", "subscription_form.remove", "subscription_form.see",
	},
}

var subscriptionEstate = lapse.Estate{Table: "recognition_subscription"}

var (
	qForgetStarter = db.SQL(`UPDATE recognition_subscription SET started_by = '' WHERE started_by = $1`)
	qForgetEnder   = db.SQL(`UPDATE recognition_subscription SET ended_by = '' WHERE ended_by = $1`)
	qForgetTyper   = db.SQL(`UPDATE recognition_origin SET made_by = '' WHERE made_by = $1`)
)

// forgetSubscriber takes the name of a person off what they began and ended; the rows stay.
func forgetSubscriber(ctx context.Context, tx core.Tx, person core.ID) ([]core.Receipt, error) {
	var starts, ends, sites int64
	for _, f := range []struct {
		query string
		n     *int64
	}{{qForgetStarter, &starts}, {qForgetEnder, &ends}, {qForgetTyper, &sites}} {
		n, err := tx.Exec(ctx, f.query, person)
		if err != nil {
			return nil, err
		}
		*f.n = n
	}
	return []core.Receipt{{Table: "recognition_subscription", Deleted: starts + ends}, {Table: "recognition_origin", Deleted: sites}}, nil
}
