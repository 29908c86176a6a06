package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/rempart/rempart/core/boot"
)

// The people who play a part; the others of the forty are members of a sheet.
const password = "correct-Cheval-7-agrafe!"

func player(name, given, family, language, function string, roles ...string) boot.Player {
	host := "port-sainte.example"
	switch name {
	case "provider", "staff", "support", "inspector":
		host = "rempart.example"
	case "outsider", "neighbour":
		host = "alizes.example"
	}
	return boot.Player{
		Name: name, GivenName: given, FamilyName: family, Language: language, Function: function, Roles: roles, Password: password,
		Email: strings.ToLower(plain(given)+"."+plain(family)) + "@" + host,
	}
}

func plain(s string) string {
	return strings.NewReplacer("é", "e", "ê", "e", "è", "e", "ï", "i", "ë", "e", "ç", "c", "â", "a", "É", "E", " ", "-", "'", "").Replace(s)
}

// people makes the provider, two organizations and forty persons through the house's own doors.
func (s *Stage) people(ctx context.Context) error {
	code := func(secret string) (string, error) { return s.phone(secret).Code() }
	t, err := s.House.NewTrial(ctx, "Vigie Numérique", player("provider", "Claire", "Monnier", "fr", "Direction technique"), code, s.Letters.Last)
	if err != nil {
		return err
	}
	s.Trial = t
	admin := player("admin", "Amel", "Haddad", "en", "Security officer")
	admin.Factor = true
	if s.Town, err = t.Organization(ctx, "Ville de Port-Sainte", admin); err != nil {
		return err
	}
	if s.Mutual, err = t.Organization(ctx, "Mutuelle des Alizés", player("outsider", "Diane", "Kerbrat", "fr", "Administration")); err != nil {
		return err
	}
	for _, p := range []boot.Player{
		player("member", "Nora", "Lindqvist", "en", "Records office"),
		player("people", "Paul", "Etcheverry", "fr", "Ressources humaines", "people"),
		player("security", "Sacha", "Weil", "fr", "Sécurité", "security"),
		player("auditor", "Béatrice", "Okafor", "en", "Internal audit", "auditor"),
	} {
		if err := t.Join(ctx, "admin", s.Town, p); err != nil {
			return err
		}
	}
	if err := t.Join(ctx, "outsider", s.Mutual, player("neighbour", "Yann", "Le Goff", "fr", "Gestion")); err != nil {
		return err
	}
	if err := t.Join(ctx, "provider", t.Provider, player("support", "Hugo", "Marchetti", "fr", "Assistance", "provider.support")); err != nil {
		return err
	}
	s.persons = len(t.Players)
	for _, x := range []struct {
		by, host string
		many     int
	}{{"admin", "port-sainte.example", 24}, {"outsider", "alizes.example", 7}} {
		if err := t.Import(ctx, x.by, sheet(x.host, x.many)); err != nil {
			return err
		}
		s.persons += x.many
	}
	return nil
}

var (
	givens   = []string{"Inès", "Malo", "Zoé", "Idriss", "Margaux", "Tiago", "Salomé", "Noé", "Aïcha", "Gaspard", "Lena", "Moussa"}
	families = []string{"Abadie", "Bertin", "Castaing", "Delmas", "El Amrani", "Ferrand", "Guérin", "Hoareau", "Issartel", "Jourdan", "Keller", "Lagarde", "N'Diaye"}
	services = []string{"État civil", "Voirie", "Finances", "Action sociale", "Informatique"}
)

// sheet writes members as a client's list would: CSV with semicolons.
func sheet(host string, many int) []byte {
	var b strings.Builder
	b.WriteString("Prénom;Nom;Courriel;Fonction;Service\n")
	for i := range many {
		given, family := givens[i%len(givens)], families[(i*5+i/len(givens))%len(families)]
		fmt.Fprintf(&b, "%s;%s;%s.%s%d@%s;Agent;%s\n", given, family, strings.ToLower(plain(given)), strings.ToLower(plain(family)), i+1, host, services[i%len(services)])
	}
	return []byte(b.String())
}
