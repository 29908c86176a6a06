package consent

import (
	"context"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/personal"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

// Profile is the source of the fields of a person's own profile.
type Profile struct{ People People }

var (
	tGiven    = i18n.T("Prénom", "Given name")
	tFamily   = i18n.T("Nom", "Family name")
	tGender   = i18n.T("Genre", "Gender")
	tEmail    = i18n.T("Adresse électronique", "E-mail address")
	tEmail2   = i18n.T("Autre adresse électronique", "Other e-mail address")
	tPhone    = i18n.T("Téléphone", "Telephone")
	tLanguage = i18n.T("Langue", "Language")
)

const pd = "https://w3id.org/dpv/pd#"

// Fields gives the fields of a profile.
func (Profile) Fields() []personal.SharedField {
	field := func(id, term string, title i18n.Sentence) personal.SharedField {
		return personal.SharedField{ID: "profile." + id, Title: probe.Text(title), Term: pd + term}
	}
	return []personal.SharedField{
		field("given_name", "Name", tGiven), field("family_name", "Name", tFamily), field("gender", "Gender", tGender),
		field("email", "EmailAddress", tEmail), field("email2", "EmailAddress", tEmail2),
		field("phone", "TelephoneNumber", tPhone), field("language", "Language", tLanguage),
	}
}

// Values gives those that a person filled in.
func (p Profile) Values(ctx context.Context, tx core.Tx, person core.ID) (map[string]string, error) {
	found, err := p.People.People(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	who, values := found[person], map[string]string{}
	for id, v := range map[string]string{
		"given_name": who.GivenName, "family_name": who.FamilyName, "gender": who.Gender, "email": who.Email, "email2": who.Email2,
		"phone": who.Phone, "language": who.Language,
	} {
		if v != "" {
			values["profile."+id] = v
		}
	}
	return values, nil
}
