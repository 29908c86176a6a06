package signin

import (
	"strings"

	"github.com/rempart/rempart/kit/abuse"
)

// Label names a browser and its system in a few words from its User-Agent, "Firefox · Linux": enough for a person to
// know their own. Nothing is decided by it.
func Label(agent string) string {
	if len(agent) > 512 {
		agent = agent[:512]
	}
	browser, system := "", ""
	for _, b := range []struct{ sign, name string }{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	} {
		if strings.Contains(agent, b.sign) {
			browser = b.name
			break
		}
	}
	for _, s := range []struct{ sign, name string }{
		{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	} {
		if strings.Contains(agent, s.sign) {
			system = s.name
			break
		}
	}
	switch {
	case browser != "" && system != "":
		return browser + " · " + system
	case browser+system != "":
		return browser + system
	}
	return "?"
}

// PuzzleBits tells how hard a challenge is, for the script of the page.
func PuzzleBits(challenge string) int { return abuse.Difficulty(challenge) }
