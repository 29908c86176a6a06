package outside

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/i18n"
	"github.com/rempart/rempart/kit/probe"
)

var (
	tRegion       = i18n.T("La base et ses copies sont où la politique le demande", "The database and its copies are where the policy asks")
	tRegionHeld   = i18n.T("Base de données : %s ; copies : %s ; demandé : %s. Ce sont les mots de l'exploitant, à appuyer par une attestation : un logiciel ne voit pas où est sa machine.", "Database: %s; copies: %s; asked for: %s. These are the operator's words, to be backed by an attestation: software cannot see where its machine is.")
	tRegionWrong  = i18n.T("Le lieu déclaré %s n'est pas dans ce que la politique demande (%s).", "The declared place %s is not within what the policy asks for (%s).")
	tRegionUnsaid = i18n.T("N'a pas pu être vu : aucun lieu n'est déclaré (host.region), et un logiciel ne voit pas où est sa machine.", "Could not be seen: no place is declared (host.region), and software cannot see where its machine is.")
	tEurope       = i18n.T("Espace économique européen", "European Economic Area")
	tFaultAbroad  = i18n.T("Une base de données hors du pays demandé", "A database outside of the country asked for")
	tFaultRegion  = i18n.T("Une base de données aux États-Unis", "A database in the United States")
	tFaultCopy    = i18n.T("Une copie aux États-Unis", "A copy in the United States")
)

// europe is the European Economic Area (ISO 3166-1): where the GDPR holds without a transfer.
var europe = strings.Fields("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO")

func (m *Module) region() *core.Probe {
	return outsideProbe("outside.region", tRegion, m.runRegion,
		pretending("outside.region/database", tFaultRegion, map[string]string{factRegion: "US/Ashburn"}),
		pretending("outside.region/copy", tFaultCopy, map[string]string{factCopies: "FR/Gravelines\nUS/Ashburn"}),
		pretending("outside.region/abroad", tFaultAbroad, map[string]string{factRegion: "DE/Falkenstein", factCountries: "fr"}),
	)
}

func (m *Module) runRegion(ctx context.Context, _ core.Stage) (core.Sight, error) {
	var countries string
	if m.n.Region != nil {
		var err error
		if countries, err = m.n.Region(ctx); err != nil {
			return core.Sight{}, err
		}
	}
	asked := m.text(factCountries, countries)
	database := m.text(factRegion, m.n.Declared.Region)
	if database == "" {
		return core.Sight{}, probe.Unseen(tRegionUnsaid)
	}
	copies := m.lines(factCopies, m.n.Declared.Copies)
	places := append([]string{database}, copies...)
	for i, p := range places {
		if !within(p, asked) {
			return probe.Broken(len(places), i+1, tRegionWrong, p, askedFor(asked)), nil
		}
	}
	sight := probe.Held(len(places), len(places), tRegionHeld, database, list(copies), askedFor(asked))
	sight.Settings = map[string]string{"host.region": database, "host.copies": strings.Join(copies, ", "), "host.countries": asked}
	return sight, nil
}

// within tells whether a place ("FR/Gravelines") is in one of the countries asked for ("fr,de"), "" for Europe.
func within(label, asked string) bool {
	country, _, _ := strings.Cut(strings.ToUpper(label), "/")
	if asked == "" {
		return slices.Contains(europe, country)
	}
	return slices.Contains(strings.Split(strings.ToUpper(asked), ","), country)
}

// askedFor is what is asked for, as a sentence or as codes.
func askedFor(asked string) any {
	if asked == "" {
		return tEurope
	}
	return strings.ToUpper(strings.ReplaceAll(asked, ",", ", "))
}

// resolve gives the addresses of a name, or the address that it is.
func resolve(host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}
