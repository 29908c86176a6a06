package policies

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed starter/annex.yaml
var starter string

// Starter writes the commented beginning of one's own annex.
func Starter(name string) ([]byte, error) {
	if !packID.MatchString(name) {
		return nil, fmt.Errorf("%q does not fit: write a name in lower-case letters, digits and dashes, such as our-annex", name)
	}
	if _, taken := Find(name); taken {
		return nil, fmt.Errorf("%s is the name of a policy that ships: choose another", name)
	}
	return []byte(strings.ReplaceAll(starter, "NAME", name)), nil
}
