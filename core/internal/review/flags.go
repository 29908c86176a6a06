package review

import (
	"context"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/kit/pack"
)

// Flag is an account that seems shared.
type Flag struct {
	ID, Person  core.ID
	State       string
	Score, Seen int // Seen is how many overlaps
	First, Last time.Time
	JudgedBy    core.ID
	JudgedAt    time.Time
	Word        string
}

// Open tells whether nobody has settled it yet.
func (f Flag) Open() bool { return f.State == FlagOpen || f.State == FlagExplained }

func scanFlag(scan db.Scan) (f Flag, err error) {
	var first, last, judged int64
	err = scan(&f.ID, &f.Person, &f.State, &f.Score, &f.Seen, &first, &last, &f.JudgedBy, &judged, &f.Word)
	f.First, f.Last, f.JudgedAt = clock.FromMicros(first), clock.FromMicros(last), clock.FromMicros(judged)
	return f, err
}

// Case is a flag with what makes it.
type Case struct {
	Flag     Flag
	Name     string
	Why      []Reason
	Overlaps []Overlap // the newest first, at most 10
}

func (m *Module) caseOf(ctx context.Context, tx core.Tx, f Flag) (c Case, err error) {
	c.Flag = f
	all, err := m.overlaps(ctx, tx, f.Person, f.First.Add(-time.Microsecond))
	if err != nil {
		return c, err
	}
	_, c.Why = weigh(all)
	c.Overlaps = all[:min(len(all), 10)]
	return c, nil
}

// MySharing gives the flags on the actor's own account.
func (m *Module) MySharing(ctx context.Context) (list []Case, err error) {
	person := core.ActorOf(ctx).ID
	act := &core.Act{Def: SeeSharing, Org: core.Platform, Subject: person}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		list = nil
		flags, err := m.keptFlags(ctx, tx, qFlagsOf, person)
		if err != nil {
			return err
		}
		for _, f := range flags {
			c, err := m.caseOf(ctx, tx, f)
			if err != nil {
				return err
			}
			list = append(list, c)
		}
		return nil
	})
	return list, err
}

// Explain says in the person's own words why their account was used in two places at once. It settles nothing.
func (m *Module) Explain(ctx context.Context, flag core.ID, word string) error {
	person := core.ActorOf(ctx).ID
	word, ok := stated(word)
	if !ok {
		return errWord.With("word", errWord.Code)
	}
	act := &core.Act{Def: ExplainOwn, Org: core.Platform, Resource: flag, Subject: person, Note: word}
	return m.needs.Gate.Change(ctx, act, func(tx core.Tx) error {
		f, found, err := m.keptFlag(ctx, tx, qFlag, flag)
		if err != nil {
			return err
		}
		if !found || f.Person != person {
			return errNoFlag
		}
		act.Changed("state", f.State, FlagExplained)
		kept, err := m.shut(ctx, pack.Place("review_sharing.word", flag), word, f.Person)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qJudgeFlag, flag, FlagExplained, "", 0, kept)
		if err == nil && n == 0 {
			err = errFlagEnd
		}
		return err
	})
}

// Sharing gives the flags on the accounts of an organization's members, those that wait first; on the platform, those of
// the provider's staff.
func (m *Module) Sharing(ctx context.Context, org core.ID) (list []Case, err error) {
	act := &core.Act{Def: ReadSharing, Org: org}
	err = m.needs.Gate.Read(ctx, act, func(tx core.Tx) error {
		list, act.Subjects = nil, nil
		flags, err := m.keptFlags(ctx, tx, qLiveFlags, clock.Micros(m.now().Add(-settledFor)))
		if err != nil {
			return err
		}
		for _, f := range flags {
			ms, found, err := m.needs.Members.MemberOf(ctx, tx, org, f.Person)
			if err != nil {
				return err
			}
			if !found || ms.State != "active" {
				continue
			}
			c, err := m.caseOf(ctx, tx, f)
			if err != nil {
				return err
			}
			list, act.Subjects = append(list, c), append(act.Subjects, f.Person)
		}
		names, err := m.names(ctx, tx, append([]core.ID(nil), act.Subjects...)...)
		for i := range list {
			list[i].Name = names[list[i].Flag.Person]
		}
		return err
	})
	return list, err
}

// Settle says what a flag turned out to be: one person (mine) or an account that was shared (shared).
func (m *Module) Settle(ctx context.Context, org, flag core.ID, state, word string) error {
	word, ok := stated(word)
	if !ok {
		return errWord.With("word", errWord.Code)
	}
	if state != FlagMine && state != FlagShared {
		return errFlagAs.With("state", errFlagAs.Code)
	}
	actor := core.ActorOf(ctx).ID
	act := &core.Act{Def: JudgeSharing, Org: org, Resource: flag, Note: word}
	return m.change(ctx, act, func(tx core.Tx) error {
		f, found, err := m.keptFlag(ctx, tx, qFlag, flag)
		if err != nil {
			return err
		}
		if !found {
			return denied{errNoFlag}
		}
		ms, member, err := m.needs.Members.MemberOf(ctx, tx, org, f.Person)
		if err != nil {
			return err
		}
		if !member || ms.State != "active" {
			return denied{errNoFlag}
		}
		act.Subject = f.Person
		if f.Person == actor {
			return denied{errOwnFlag}
		}
		act.Changed("state", f.State, state)
		kept, err := m.shut(ctx, pack.Place("review_sharing.word", flag), word, f.Person)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qJudgeFlag, flag, state, actor, clock.Micros(m.now()), kept)
		if err == nil && n == 0 {
			err = errFlagEnd
		}
		return err
	})
}
