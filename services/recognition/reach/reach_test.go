package reach

import "testing"

func TestATokenLeavesOnlyOverTLS(t *testing.T) {
	for typed, want := range map[string]string{
		"https://trust.example.org": "https://trust.example.org", " https://trust.example.org:8443/\n": "https://trust.example.org:8443",
		"http://127.0.0.1:8080": "http://127.0.0.1:8080", "http://localhost": "http://localhost", "http://[::1]:80": "http://[::1]:80",
		"": "", "trust.example.org": "", "ftp://x": "", "http://trust.example.org": "", "http://10.0.0.1": "", "https://a:b@x": "", "https://x/path": "",
		"https://x?token=1": "", "https://x#y": "", "http://localhost.example.org": "", "http://127.0.0.1.example.org": "",
	} {
		if got, ok := Origin(typed); got != want || ok != (want != "") {
			t.Errorf("%q gives %q (%v), want %q", typed, got, ok, want)
		}
	}
}
