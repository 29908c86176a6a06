package directory

import (
	"encoding/xml"
	"strings"
)

// ThreeCX gives the CRM template of 3CX that asks the platform who is calling. It holds the organization's own values and no secret:
// the token is typed in 3CX. By the exact number alone: nothing is cut to its last digits. Written after the published description of
// the format and shown here by the request that it describes; it was not run in a 3CX.
func ThreeCX(origin, org string) []byte {
	type parameter struct {
		Name, Type, Parent, Editor, Title, Default string
	}
	attrs := func(pairs ...string) string {
		var b strings.Builder
		for i := 0; i < len(pairs); i += 2 {
			b.WriteString(" " + pairs[i] + `="`)
			_ = xml.EscapeText(&b, []byte(pairs[i+1]))
			b.WriteString(`"`)
		}
		return b.String()
	}
	var b strings.Builder
	b.WriteString(xml.Header)
	b.WriteString("<Crm" + attrs("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance", "xmlns:xsd", "http://www.w3.org/2001/XMLSchema",
		"Country", "FR", "Name", "Rempart", "Version", "1", "SupportsEmojis", "true", "ListPageSize", "0") + ">\n")
	b.WriteString("  <Number" + attrs("Prefix", "AsIs", "MaxLength", "20") + " />\n  <Connection" + attrs("MaxConcurrentRequests", "4") + " />\n  <Parameters>\n")
	for _, p := range []parameter{
		{"Origin", "String", "General Configuration", "String", "Rempart:", origin},
		{"Organization", "String", "General Configuration", "String", "Organization:", org},
		{"Token", "Password", "General Configuration", "String", "Token:", ""},
	} {
		b.WriteString("    <Parameter" + attrs("Name", p.Name, "Type", p.Type, "Parent", p.Parent, "Editor", p.Editor, "Title", p.Title, "Default", p.Default) + " />\n")
	}
	b.WriteString("  </Parameters>\n  <Authentication" + attrs("Type", "No") + " />\n  <Scenarios>\n    <Scenario" + attrs("Id", "", "Type", "REST") + ">\n")
	b.WriteString("      <Request" + attrs("SkipIf", "", "Url", "[Origin]/api/v1/organizations/[Organization]/cards/find", "MessagePasses", "0",
		"RequestContentType", "application/json", "RequestEncoding", "Json", "RequestType", "Post", "ResponseType", "Json") + ">\n")
	b.WriteString("        <Headers>\n          <Value" + attrs("Key", "Authorization", "Passes", "1", "Type", "String") + ">Bearer [Token]</Value>\n        </Headers>\n")
	b.WriteString("        <PostValues" + attrs("Key", "") + ">\n          <Value" + attrs("Key", "number", "Passes", "1", "Type", "String") + ">[Number]</Value>\n        </PostValues>\n      </Request>\n")
	b.WriteString("      <Rules>\n        <Rule" + attrs("Type", "Any") + ">cards.id</Rule>\n      </Rules>\n      <Variables>\n")
	for _, v := range [][2]string{{"CardID", "cards.id"}, {"CardName", "cards.name"}, {"CardCompany", "cards.company"}} {
		b.WriteString("        <Variable" + attrs("Name", v[0], "LCase", "", "Path", v[1]) + "><Filter /></Variable>\n")
	}
	b.WriteString("      </Variables>\n      <Outputs" + attrs("AllowEmpty", "false") + ">\n")
	for _, o := range [][2]string{{"LastName", "[CardName]"}, {"CompanyName", "[CardCompany]"}, {"PhoneBusiness", "[Number]"}, {"EntityType", "Cards"}, {"EntityId", "[CardID]"}} {
		b.WriteString("        <Output" + attrs("Type", o[0], "Passes", "0", "Value", o[1]) + " />\n")
	}
	b.WriteString("      </Outputs>\n    </Scenario>\n  </Scenarios>\n</Crm>\n")
	return []byte(b.String())
}
