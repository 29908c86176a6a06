package number

// Parse reads one number as a person or an exchange wrote it. Region (ISO 3166, "FR") is that of numbers without a country.
func Parse(raw, region string) Number {
	return Number{Kind: Refused, Why: "empty"}
}

// Split reads a field in which several numbers may stand ("01 42 00 00 00 / 06 12 34 56 78").
func Split(raw, region string) []Number {
	return []Number{Parse(raw, region)}
}
