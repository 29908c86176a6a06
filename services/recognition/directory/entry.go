package directory

import (
	"cmp"
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// names are the attributes as they are spelt.
var names = map[string]string{
	"objectclass": "objectClass", "uid": "uid", "cn": "cn", "displayname": "displayName", "sn": "sn", "givenname": "givenName", "o": "o",
	"telephonenumber": "telephoneNumber", "mobile": "mobile", "namingcontexts": "namingContexts", "supportedldapversion": "supportedLDAPVersion", "vendorname": "vendorName",
}

// attrsOf gives an entry as a person (RFC 2798).
func attrsOf(e Entry) map[string][]string {
	name := cmp.Or(e.Name, e.Company, "?")
	given, last, ok := cutLast(name)
	if !ok {
		given, last = "", name
	}
	a := map[string][]string{
		"objectclass": {"top", "person", "organizationalPerson", "inetOrgPerson"},
		"uid":         {safeID(e.ID)}, "cn": {name}, "displayname": {name}, "sn": {last}, "telephonenumber": e.Numbers,
	}
	if given != "" {
		a["givenname"] = []string{given}
	}
	if e.Company != "" {
		a["o"] = []string{e.Company}
	}
	for _, n := range e.Numbers {
		if strings.HasPrefix(n, "+336") || strings.HasPrefix(n, "+337") {
			a["mobile"] = append(a["mobile"], n)
		}
	}
	return a
}

func cutLast(name string) (before, last string, ok bool) {
	i := strings.LastIndexByte(name, ' ')
	if i < 0 {
		return "", name, false
	}
	return strings.TrimSpace(name[:i]), name[i+1:], name[i+1:] != ""
}

func rootAttrs(org string) map[string][]string {
	a := map[string][]string{"objectclass": {"top"}, "supportedldapversion": {"3"}, "vendorname": {"Rempart"}}
	if org != "" {
		a["namingcontexts"] = []string{"o=" + org}
	}
	return a
}

// safeID keeps what a name of an entry may hold without escapes.
func safeID(id string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return -1
	}, id)
}

// entry gives one result of a search, with the attributes that it asked for.
func entry(dn string, attrs map[string][]string, q request) *ber.Packet {
	p := ber.Encode(ber.ClassApplication, ber.TypeConstructed, opEntry, nil, "")
	p.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, dn, ""))
	list := ber.NewSequence("")
	keys := make([]string, 0, len(attrs))
	for k := range attrs {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if len(attrs[k]) == 0 || len(q.attrs) > 0 && !slices.Contains(q.attrs, k) && !slices.Contains(q.attrs, "*") && !(dn == "" && slices.Contains(q.attrs, "+")) {
			continue
		}
		one := ber.NewSequence("")
		one.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, names[k], ""))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		if !q.typesOnly {
			for _, v := range attrs[k] {
				set.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, v, ""))
			}
		}
		one.AppendChild(set)
		list.AppendChild(one)
	}
	p.AppendChild(list)
	return p
}
