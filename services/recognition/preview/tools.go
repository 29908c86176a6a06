package preview

import "encoding/json"

// MostTools is how many tools an agent announces.
const MostTools = 300

// Announced is the kind of a tool that a person chose among those that the agent announced: the platform keeps its name, the machine
// alone knows how it is read.
const Announced = "announced"

// Tools is what an agent announces that it could read: names of files and tables, and of their fields. No value, no address of a
// machine, no account, no path.
type Tools struct {
	Tools  []Tool `json:"tools" nullable:"false" maxItems:"300" doc:"What the program could read"`
	Fault  string `json:"fault,omitempty" maxLength:"100" doc:"Code of what kept it from looking"`
	Chosen string `json:"chosen,omitempty" maxLength:"200" doc:"Kept by the platform: the name of the one that was chosen"`
}

// Tool is one of them.
type Tool struct {
	Kind   string   `json:"kind" maxLength:"20" doc:"Of the tool: csv, xlsx, vcard, sql"`
	Name   string   `json:"name" minLength:"1" maxLength:"200" doc:"Of the file or of the table"`
	Fields []string `json:"fields" nullable:"false" maxItems:"200" doc:"Names of its columns"`
	Fault  string   `json:"fault,omitempty" maxLength:"100" doc:"Code of what keeps it from being read"`
}

// Named finds a tool that can be read.
func (t Tools) Named(name string) (Tool, bool) {
	for _, x := range t.Tools {
		if x.Name == name && x.Fault == "" && name != "" {
			return x, true
		}
	}
	return Tool{}, false
}

// Choice is how the choice of a tool is written for the agent that announced it.
func Choice(name string) ([]byte, error) {
	quoted, err := json.Marshal(name) // a text of JSON is one of YAML
	return []byte("kind: " + Announced + "\nname: " + string(quoted) + "\n"), err
}
