package recognition

import (
	"context"
	"errors"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/number"
)

var errLater = errors.New("recognition: not yet")

func (m *Module) makeLink(context.Context, core.ID, LinkDraft) (core.ID, error) { return "", errLater }
func (m *Module) changeLink(context.Context, core.ID, core.ID, LinkDraft) error { return errLater }
func (m *Module) pauseLink(context.Context, core.ID, core.ID, bool) error       { return errLater }
func (m *Module) removeLink(context.Context, core.ID, core.ID) error            { return errLater }
func (m *Module) links(context.Context, core.ID) ([]Link, error) { return nil, errLater }

func (m *Module) link(context.Context, core.ID, core.ID) (Link, error) { return Link{}, errLater }

func (m *Module) linkSecret(context.Context, core.ID, core.ID) ([]byte, error) { return nil, errLater }

func (m *Module) readLink(context.Context, core.Tx, core.ID, core.ID) (Link, error) {
	return Link{}, errLater
}

func (m *Module) sealing(context.Context, core.ID, core.ID) (*Sealing, error) { return nil, errLater }

func (s *Sealing) store(Key, Mark, Card) (Stored, error) { return Stored{}, errLater }

func (m *Module) openShelf(context.Context, core.Tx, core.ID, core.ID) (int64, error) {
	return 0, errLater
}

func (m *Module) put(context.Context, core.Tx, core.ID, core.ID, int64, []Stored) error {
	return errLater
}

func (m *Module) remove(context.Context, core.Tx, core.ID, core.ID, int64, []Key) error {
	return errLater
}

func (m *Module) walk(context.Context, core.Tx, core.ID, int64, func(Key, Mark) error) error {
	return errLater
}

func (m *Module) indexShelf(context.Context, core.ID, core.ID, int64) error { return errLater }

func (m *Module) switchShelf(context.Context, core.Tx, core.ID, core.ID, int64) error {
	return errLater
}

func (m *Module) lookup(context.Context, core.ID, string) (Answer, error) { return Answer{}, errLater }

func (m *Module) find(context.Context, core.Tx, core.ID, number.Number) ([]Match, error) {
	return nil, errLater
}
