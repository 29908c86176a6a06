package number

import "strings"

// overseas are the prefixes of French numbers that are written at home as all others are (0262 12 34 56) and belong to a country
// code of their own (+262 262 12 34 56). Source: numbering plan of ARCEP.
var overseas = []struct{ prefix, code string }{
	{"262", "262"},
	{"263", "262"},
	{"269", "262"},
	{"639", "262"},
	{"692", "262"},
	{"693", "262"},
	{"590", "590"},
	{"690", "590"},
	{"691", "590"},
	{"594", "594"},
	{"694", "594"},
	{"596", "596"},
	{"696", "596"},
	{"697", "596"},
}

// frenchCodes are the country codes that share the French way of writing.
var frenchCodes = []string{"33", "262", "590", "594", "596", "508"}

// frenchRegions are those whose numbers are written so.
var frenchRegions = map[string]bool{
	"FR": true, "RE": true, "YT": true, "GP": true, "BL": true, "MF": true, "GF": true, "MQ": true, "PM": true,
}

// automatic are the ranges that ARCEP keeps for automated callers (plan of 2023, as of 2026), without the leading 0.
var automatic = []string{
	"162", "163", "2688", "2689", "270", "271", "377", "378", "424", "425", "568", "569", "5987", "5988", "5989",
	"9475", "9476", "9477", "9478", "9479", "948", "949",
}

// automated tells whether an E.164 number is of a range kept for automated callers.
func automated(e164 string) bool {
	for _, code := range frenchCodes {
		national, ok := strings.CutPrefix(e164, "+"+code)
		if !ok {
			continue
		}
		if len(national) != 9 {
			return false
		}
		for _, p := range automatic {
			if strings.HasPrefix(national, p) {
				return true
			}
		}
	}
	return false
}

// machine tells whether a French national number (without its 0) is of a range kept for machines: 0700 of 10 digits, and 0700 and
// 0901 of 14 (M2M).
func machine(national string) bool {
	switch len(national) {
	case 9:
		return strings.HasPrefix(national, "700")
	case 13:
		return strings.HasPrefix(national, "700") || strings.HasPrefix(national, "901")
	}
	return false
}

// shorts are French numbers that have no international form.
var shorts = map[string]bool{
	"15": true, "17": true, "18": true, "110": true, "112": true, "113": true, "114": true, "115": true, "116": true, "119": true,
	"191": true, "196": true, "197": true, "116000": true, "116006": true, "116111": true, "116117": true,
}

// short tells whether digits are a number of France that only France can dial: 15, 112, 1014, 3631, 118 218.
func short(digits, region string) bool {
	if !frenchRegions[region] {
		return region != "" && shortElsewhere(digits, region)
	}
	switch {
	case shorts[digits]:
		return true
	case len(digits) == 4:
		return digits[0] == '3' || digits[:2] == "10"
	case len(digits) == 6:
		return strings.HasPrefix(digits, "118")
	}
	return false
}
