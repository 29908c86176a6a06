package session

import "strings"

// browsers are looked for in order: most name their ancestors too.
var browsers = []struct{ mark, name string }{
	{"Edg", "Edge"},
	{"OPR/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"Firefox/", "Firefox"},
	{"FxiOS/", "Firefox"},
	{"HeadlessChrome/", "Chrome"},
	{"CriOS/", "Chrome"},
	{"Chromium/", "Chrome"},
	{"Chrome/", "Chrome"},
	{"Safari/", "Safari"},
	{"curl/", "curl"},
	{"Go-http-client/", "Go"},
	{"python", "Python"},
}

var systems = []struct{ mark, name string }{
	{"Android", "Android"},
	{"iPhone", "iOS"},
	{"iPad", "iPadOS"},
	{"Windows", "Windows"},
	{"Macintosh", "macOS"},
	{"CrOS", "ChromeOS"},
	{"Linux", "Linux"},
	{"X11", "Unix"},
}

// family names the browser and the system of a User-Agent, "" when unknown. Versions are left out: they identify
// people and change under an honest session.
func family(agent string) (browser, system string) {
	for _, b := range browsers {
		if strings.Contains(agent, b.mark) {
			browser = b.name
			break
		}
	}
	for _, s := range systems {
		if strings.Contains(agent, s.mark) {
			system = s.name
			break
		}
	}
	return browser, system
}
