package recognition

import (
	"context"
	"strings"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/db"
)

// A trunk has 7 digits at least, so that it names a company and no town, and at most 4 digits follow it.
const (
	leastTrunk = 7
	mostTrunk  = 14
	behind     = 4
)

var (
	qTrunkAdd    = db.SQL(`INSERT INTO recognition_trunk (org, blind, link, digits, value) VALUES ($1, $2, $3, $4, $5)`)
	qTrunkDigits = db.SQL(`SELECT DISTINCT digits FROM recognition_trunk WHERE org = $1 ORDER BY digits DESC`)
	qTrunk       = db.SQL(`SELECT t.link, t.value FROM recognition_trunk t JOIN recognition_link l ON l.org = t.org AND l.id = t.link
		WHERE t.org = $1 AND t.blind = $2 AND l.state IN ('active', 'awaiting') ORDER BY t.link`)
)

// trunkField is the index of beginnings of numbers.
var trunkField = core.IndexField{Name: "recognition_trunk.blind", Version: 1, Bits: 23, Normalise: func(s string) (string, error) {
	if !e164(s, leastTrunk, mostTrunk) {
		return "", errLinkDraft.With("trunks", linkTrunk)
	}
	return s, nil
}}

// e164 tells whether s is "+" and so many digits.
func e164(s string, least, most int) bool {
	digits, ok := strings.CutPrefix(s, "+")
	return ok && len(digits) >= least && len(digits) <= most && strings.Trim(digits, "0123456789") == "" && digits[0] != '0'
}

func (t Trunk) sound() bool {
	return e164(t.Prefix, leastTrunk, mostTrunk) && strings.TrimSpace(t.Company) != "" && len(t.Company) <= maxName*4
}

func trunkPlace(link core.ID, blind []byte) string {
	return "recognition_trunk.value/" + string(link) + "/" + hexed(blind)
}

// putTrunks writes those of a link in place of the former ones.
func (m *Module) putTrunks(ctx context.Context, tx core.Tx, org, link core.ID, list []Trunk) error {
	if _, err := tx.Exec(ctx, qTrunksEnd, org, link); err != nil || len(list) == 0 {
		return err
	}
	seal, err := m.needs.Bulk.For(ctx, link)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, t := range list {
		if seen[t.Prefix] {
			continue
		}
		seen[t.Prefix] = true
		blind, err := m.needs.Index.Index(ctx, org, trunkField, t.Prefix)
		if err != nil {
			return err
		}
		blind = blind[:BlindSize]
		value, err := seal(trunkPlace(link, blind), encodeCard(Card{Company: strings.TrimSpace(t.Company), Numbers: []string{t.Prefix}}))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qTrunkAdd, org, blind, link, len(t.Prefix)-1, value); err != nil {
			return err
		}
	}
	return nil
}

// companies gives whose trunk a number is behind: the longest that there is, of every link that names it.
func (m *Module) companies(ctx context.Context, tx core.Tx, org core.ID, number string) ([]Match, error) {
	lengths, err := db.All(ctx, tx, qTrunkDigits, db.Value[int64], org)
	if err != nil {
		return nil, err
	}
	for _, n := range lengths {
		left := len(number) - 1 - int(n)
		if left < 1 || left > behind {
			continue
		}
		blinds, err := m.needs.Index.Indexes(ctx, org, trunkField, number[:1+n])
		if err != nil {
			return nil, err
		}
		for _, blind := range blinds {
			found, err := m.companiesAt(ctx, tx, org, blind[:BlindSize])
			if err != nil || len(found) > 0 {
				return found, err
			}
		}
	}
	return nil, nil
}

func (m *Module) companiesAt(ctx context.Context, tx core.Tx, org core.ID, blind []byte) ([]Match, error) {
	rows, err := db.All(ctx, tx, qTrunk, func(scan db.Scan) (h hit, err error) {
		err = scan(&h.link, &h.value)
		return h, err
	}, org, blind)
	if err != nil {
		return nil, err
	}
	var all []Match
	for _, h := range rows {
		c, ok, err := m.opened(ctx, h.link, trunkPlace(h.link, blind), h.value)
		if err != nil {
			return nil, err
		}
		if ok {
			c.Source, c.ID = h.link, core.ID(hexed(blind))
			all = append(all, Match{Card: c, CompanyOnly: true})
		}
	}
	return all, nil
}
