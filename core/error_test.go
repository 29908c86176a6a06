package core

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestAnErrorKeepsItsKindThroughWrapping(t *testing.T) {
	locked := Fault(Forbidden, "session.locked")
	wrapped := fmt.Errorf("session: check: %w", locked.Because(errors.New("disk")).After(time.Minute))
	if KindOf(wrapped) != Forbidden || CodeOf(wrapped) != "session.locked" || !errors.Is(wrapped, locked) {
		t.Errorf("kind %v, code %q", KindOf(wrapped), CodeOf(wrapped))
	}
	if KindOf(errors.New("plain")) != Internal || CodeOf(errors.New("plain")) != "" {
		t.Error("an untyped error must be internal and have no code")
	}
	if locked.RetryAfter != 0 || locked.Unwrap() != nil {
		t.Error("a declared error was changed by its use")
	}
}

func TestFieldsAreAddedToACopy(t *testing.T) {
	base := Fault(Invalid, "form.invalid")
	one := base.With("email", "email.missing")
	two, other := one.With("name", "name.missing"), one.With("phone", "phone.wrong")
	if len(base.Fields) != 0 || len(one.Fields) != 1 || len(two.Fields) != 2 || other.Fields[1].Field != "phone" || two.Fields[1].Field != "name" {
		t.Errorf("%v %v %v %v", base.Fields, one.Fields, two.Fields, other.Fields)
	}
}

func TestNobodyActsUnlessSet(t *testing.T) {
	if a := ActorOf(context.Background()); a.Kind != Anonymous || a.AAL != 0 {
		t.Errorf("an empty context acts as %v", a)
	}
	if a := ActorOf(WithActor(context.Background(), System("sweep"))); a.Kind != SystemActor || a.ID != "sweep" {
		t.Errorf("got %v", a)
	}
}

func TestEqualValuesAreNoChange(t *testing.T) {
	var a Act
	a.Changed("function", "clerk", "clerk")
	a.Changed("function", "clerk", "mayor")
	if len(a.Changes) != 1 || a.Changes[0] != (FieldChange{"function", "clerk", "mayor"}) {
		t.Errorf("%v", a.Changes)
	}
}
