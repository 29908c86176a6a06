package vault

import (
	"context"
	"errors"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/password"
	"github.com/rempart/rempart/kit/probe"
	"github.com/rempart/rempart/kit/seal"
)

var (
	tEpoch     = i18n.T("Les clés sont renouvelées chaque jour et les anciennes détruites", "Keys are renewed each day and the former ones destroyed")
	tEpochHeld = i18n.T("%d clés d'organisations vivent ; la plus ancienne a %d heures, et aucune clé de personne n'est scellée par une plus ancienne.", "%d keys of organizations live; the oldest is %d hours old, and no person's key is sealed by an older one.")
	tEpochOld  = i18n.T("Une clé d'organisation vit depuis %d heures : ce qui a été effacé se lit encore dans d'anciennes copies.", "A key of an organization has lived for %d hours: what was erased can still be read in older copies.")
	tEpochLeft = i18n.T("%d clés restent scellées par une clé d'un autre temps.", "%d keys are still sealed by a key of another time.")
	tOldKey    = i18n.T("Une ancienne clé d'organisation qui n'a pas été détruite", "A former key of an organization that was not destroyed")
	tStuck     = i18n.T("Une époque qui ne finit pas", "An epoch that does not end")

	tShred     = i18n.T("Détruire la clé d'une personne rend illisible ce qu'elle scellait", "Destroying a person's key makes what it sealed unreadable")
	tShredHeld = i18n.T("La clé d'une personne témoin a été détruite : sa valeur scellée ne s'ouvre plus, et une nouvelle clé a été refusée.", "A canary's key was destroyed: its sealed value opens no more, and another key was refused.")
	tShredBack = i18n.T("Après la destruction de la clé, la valeur scellée s'ouvre encore.", "After the key was destroyed the sealed value still opens.")
	tUndead    = i18n.T("Une clé détruite qui revient", "A destroyed key that comes back")

	tBlind     = i18n.T("Ce qui est scellé pour une organisation ne s'ouvre pas sans elle", "What is sealed to an organization does not open without it")
	tBlindHeld = i18n.T("Une valeur scellée pour l'organisation témoin est refusée à la plateforme, puis s'ouvre avec la phrase secrète de l'organisation.", "A value sealed to the canary organization is refused to the platform, then opens with the passphrase of the organization.")
	tBlindRead = i18n.T("La plateforme ouvre seule une valeur scellée pour l'organisation témoin.", "The platform opens by itself a value sealed to the canary organization.")
	tBlindLost = i18n.T("L'organisation témoin n'ouvre pas sa propre valeur.", "The canary organization does not open its own value.")
	tFallback  = i18n.T("Une clé d'organisation qui ne reste pas : les valeurs retombent sous celle de la plateforme", "An organization's key that does not stay: values fall back under the platform's")
)

var (
	qOldest   = db.SQL(`SELECT count(*), coalesce(min(made), 0) FROM vault_epoch WHERE destroyed = 0`)
	qOutlived = db.SQL(`SELECT count(*) FROM vault_key k WHERE k.destroyed = 0 AND NOT EXISTS (SELECT 1 FROM vault_epoch e WHERE e.org = k.org AND e.epoch = k.epoch AND e.destroyed = 0)`)
	qTidyPair = db.SQL(`DELETE FROM blind_key WHERE org = $1`)
	qTidyOpen = db.SQL(`DELETE FROM blind_unlock WHERE org = $1`)

	tidying = core.Duty{Name: "blind.tidy", Why: "the key that a probe made for the organization of canaries is removed; no client has it"}
)

// Probes gives the probes of keys.
func (b *Blind) Probes() []*core.Probe {
	return []*core.Probe{
		{ID: "vault.epoch", Kind: core.DataProbe, Title: probe.Text(tEpoch), Run: b.seeEpoch, Faults: []core.PlantedFault{
			{ID: "vault.epoch/stuck", Title: probe.Text(tStuck), Plant: probe.Rows(`UPDATE vault_epoch SET made = 1`)},
			{ID: "vault.epoch/kept", Title: probe.Text(tOldKey), Plant: probe.Rows(`INSERT INTO vault_epoch (org, epoch, wrapped, made) VALUES ('planted', 1, x'00', 1)`)},
		}},
		{ID: "vault.shred", Kind: core.BehaviourProbe, Title: probe.Text(tShred), Run: b.seeShred, Faults: []core.PlantedFault{
			{ID: "vault.shred/undead", Title: probe.Text(tUndead), Plant: probe.Rows(`CREATE TRIGGER planted_undead AFTER UPDATE OF destroyed ON vault_key WHEN OLD.destroyed = 0 AND NEW.destroyed > 0 BEGIN
				UPDATE vault_key SET destroyed = 0, wrapped = OLD.wrapped WHERE owner = OLD.owner; END`)},
		}},
		{ID: "vault.blind", Kind: core.BehaviourProbe, Title: probe.Text(tBlind), Run: b.seeBlind, Faults: []core.PlantedFault{
			{ID: "vault.blind/fallback", Title: probe.Text(tFallback), Plant: probe.Rows(`CREATE TRIGGER planted_fallback AFTER INSERT ON blind_key BEGIN
				DELETE FROM blind_key WHERE org = NEW.org; END`)},
		}},
	}
}

// seeEpoch: no key of an organization outlives two days, no key of an owner hangs on one that does not live.
func (b *Blind) seeEpoch(ctx context.Context, _ core.Stage) (core.Sight, error) {
	var keys, made, left int64
	err := b.n.Vault.db.Read(ctx, func(tx core.Tx) error {
		if _, err := scanOne(ctx, tx, qOldest, nil, &keys, &made); err != nil {
			return err
		}
		_, err := scanOne(ctx, tx, qOutlived, nil, &left)
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	age := b.n.Clock.Now().Sub(clock.FromMicros(made))
	switch n := int(keys); {
	case age > 2*Day:
		return probe.Broken(n, n, tEpochOld, int(age/time.Hour)), nil
	case left > 0:
		return probe.Broken(n, n, tEpochLeft, int(left)), nil
	default:
		return probe.Held(n, n, tEpochHeld, n, int(age/time.Hour)), nil
	}
}

// seeShred destroys a canary's key.
func (b *Blind) seeShred(ctx context.Context, s core.Stage) (core.Sight, error) {
	c, err := s.Canary(ctx, "member")
	if err != nil {
		return core.Sight{}, err
	}
	const place = "canary.value/1"
	sealed, err := b.n.Vault.Seal(ctx, c.Person, place, []byte("canary"))
	if err != nil {
		return core.Sight{}, err
	}
	if _, err := b.n.Vault.Open(ctx, c.Person, place, sealed); err != nil {
		return core.Sight{}, err
	}
	if err := b.n.Vault.DestroyKey(ctx, c.Person); err != nil {
		return core.Sight{}, err
	}
	if err := b.n.Vault.MakeKeys(ctx, c.Person); err != nil {
		return core.Sight{}, err
	}
	switch _, err := b.n.Vault.Open(ctx, c.Person, place, sealed); {
	case err == nil:
		return probe.Broken(1, 1, tShredBack), nil
	case core.KindOf(err) != core.Gone:
		return core.Sight{}, err
	}
	return probe.Held(1, 1, tShredHeld), nil
}

// tidy removes the key of the organization of canaries; what it could not remove, the next run does.
func (b *Blind) tidy(ctx context.Context) error {
	return b.n.Gate.Keep(ctx, &tidying, func(tx core.Tx) error {
		for _, q := range []string{qTidyPair, qTidyOpen} {
			if _, err := tx.Exec(ctx, q, core.Canaries); err != nil {
				return err
			}
		}
		return nil
	})
}

// seeBlind seals to the organization of canaries and tries to open without it.
func (b *Blind) seeBlind(ctx context.Context, s core.Stage) (seen core.Sight, err error) {
	if err := b.tidy(ctx); err != nil {
		return seen, err
	}
	defer func() { err = errors.Join(err, b.tidy(context.WithoutCancel(ctx))) }()
	c, err := s.Canary(ctx, "admin")
	if err != nil {
		return seen, err
	}
	phrase := "canary " + password.NewSalt()
	session := core.ID("canary " + password.NewSalt())
	person := core.WithActor(ctx, core.Actor{Kind: core.HumanActor, ID: c.Person, Account: c.Account, Session: session, AAL: 1, AuthenticatedAt: b.n.Clock.Now()})
	if _, err := b.Make(person, c.Org, phrase, phrase); err != nil {
		return seen, err
	}
	const place = "canary.words/1"
	var sealed []byte
	open := func(ctx context.Context, unlock string) (plain []byte, err error) {
		err = b.n.Reader.Read(ctx, func(tx core.Tx) (err error) {
			plain, err = b.OpenFor(ctx, tx, c.Org, unlock, place, sealed)
			return err
		})
		return plain, err
	}
	if err := b.n.Reader.Read(ctx, func(tx core.Tx) (err error) {
		sealed, err = b.SealTo(ctx, tx, c.Org, place, []byte("canary"))
		return err
	}); err != nil {
		return seen, err
	}
	_, blind := seal.Blind(sealed)
	if _, err := open(ctx, ""); err == nil || !blind {
		return probe.Broken(1, 1, tBlindRead), nil
	}
	unlock, err := b.Unlock(person, c.Org, phrase)
	if err != nil {
		return seen, err
	}
	if got, err := open(person, unlock); err != nil || string(got) != "canary" {
		return probe.Broken(1, 1, tBlindLost), nil
	}
	seen = probe.Held(1, 1, tBlindHeld)
	seen.Entries, err = s.Witness(ctx, c, UnlockBlind.Permission)
	return seen, err
}
