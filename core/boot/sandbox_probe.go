package boot

import (
	"context"
	"errors"
	"os"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tpSandbox = i18n.T("Un environnement d'essai ne contient personne de réel", "A test environment holds nobody real")
	tpReal    = i18n.T("Des valeurs de la plateforme se retrouvent dans l'environnement d'essai qui vient d'en être fait : il n'a pas été certifié.", "Values of the platform stand in the test environment that was just made of it: it was not certified.")
	tpEmpty   = i18n.T("L'environnement d'essai n'a pas la forme de sa source : %d membres pour %d.", "The test environment has not the shape of its source: %d members for %d.")
	tpNobody  = i18n.T("Un environnement d'essai a été fait de l'organisation des canaris : %d membres, %d entrées de journal ; %d valeurs de la source comparées en aveugle à %d des siennes, aucune trouvée.", "A test environment was made of the organization of canaries: %d members, %d journal entries; %d values of the source compared blindly with %d of its own, none found.")
)

// sandboxFiles is how many bytes the files of such a sandbox take at most.
const sandboxFiles = 1 << 20

// sandboxProbe makes a sandbox of canaries alone.
func (t canaryTroops) sandboxProbe() *core.Probe {
	return &core.Probe{
		ID: "sandbox.synthetic", Kind: core.DataProbe, Title: probe.Text(tpSandbox), Run: t.seeSandbox,
		Faults: []core.PlantedFault{{
			ID: "sandbox.synthetic/real", Title: core.Text{FR: "Une valeur de la source se retrouve dans l'environnement d'essai", EN: "A value of the source stands in the test environment"},
			// Whatever is invented, an organization of the sandbox says its time zone: here, the source has a name that reads the same.
			Plant: probe.Rows("UPDATE organization_organization SET name = 'Europe/Paris' WHERE id = '" + string(core.Canaries) + "'"),
		}},
	}
}

// seeSandbox makes a sandbox of the organization of canaries, in a folder that is thrown away.
func (t canaryTroops) seeSandbox(ctx context.Context, s core.Stage) (core.Sight, error) {
	members := 0
	for _, role := range []string{"admin", "auditor", "security"} {
		if _, err := s.Canary(ctx, role); err != nil {
			return core.Sight{}, err
		}
		members++
	}
	var canaries core.Organization
	err := t.h.db.Read(ctx, func(tx core.Tx) (err error) {
		canaries, err = t.h.organizations.Org(ctx, tx, core.Canaries)
		return err
	})
	if err != nil {
		return core.Sight{}, err
	}
	dir, err := os.MkdirTemp("", "rempart-sandbox-")
	if err != nil {
		return core.Sight{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	made, err := t.h.makeSandbox(ctx, dir, sandboxFiles, canaries)
	switch {
	case errors.Is(err, errReal):
		return probe.Broken(made.Source, made.Source, tpReal), nil
	case err != nil:
		return core.Sight{}, err
	case made.Members < members:
		return probe.Broken(members, made.Members, tpEmpty, made.Members, members), nil
	}
	return probe.Held(made.Source, made.Source, tpNobody, made.Members, int(made.Entries), made.Source, made.Looked), nil
}
