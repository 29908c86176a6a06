package directory

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The shapes of the directories that desk phones read.
const (
	Yealink = "yealink"
	Snom    = "snom"
	Cisco   = "cisco"
)

var shapes = map[string]struct {
	root string
	most int // entries of one page, by what the phone takes
}{
	Yealink: {"YealinkIPPhoneDirectory", 200}, Snom: {"SnomIPPhoneDirectory", 100}, Cisco: {"CiscoIPPhoneDirectory", 32},
}

type xmlEntry struct {
	Name      string
	Telephone string
}

type xmlDirectory struct {
	XMLName xml.Name
	Title   string
	Prompt  string     `xml:",omitempty"`
	Entries []xmlEntry `xml:"DirectoryEntry"`
}

// Handler answers phones: GET /directory/{yealink,snom,cisco}.xml with HTTP Basic, the organization as name and a token as password.
// The whole directory goes, so that the phone itself searches it: nothing that is searched stands in an address. ?page=2 goes on.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /directory/{file}", s.phonebook)
	return mux
}

func (s *Server) phonebook(w http.ResponseWriter, r *http.Request) {
	shape, ok := shapes[strings.TrimSuffix(r.PathValue("file"), ".xml")]
	if !ok || !strings.HasSuffix(r.PathValue("file"), ".xml") {
		http.NotFound(w, r)
		return
	}
	org, token, _ := r.BasicAuth()
	if _, good := orgOf("o=" + org); !good || token == "" || len(token) > 512 {
		w.Header().Set("WWW-Authenticate", `Basic realm="Rempart", charset="UTF-8"`)
		http.Error(w, "token", http.StatusUnauthorized)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	found, _, err := s.Finder.Find(ctx, org, token, Query{Limit: mostEntries})
	switch {
	case errors.Is(err, ErrDenied):
		w.Header().Set("WWW-Authenticate", `Basic realm="Rempart", charset="UTF-8"`)
		http.Error(w, "token", http.StatusUnauthorized)
		return
	case err != nil:
		http.Error(w, "the platform does not answer", http.StatusBadGateway)
		return
	}
	var all []xmlEntry
	for _, e := range found {
		for _, n := range e.Numbers {
			all = append(all, xmlEntry{cmp.Or(e.Name, e.Company, n), n})
		}
	}
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	from := min((max(page, 1)-1)*shape.most, len(all))
	d := xmlDirectory{XMLName: xml.Name{Local: shape.root}, Title: "Rempart", Entries: slices.Clip(all[from:min(from+shape.most, len(all))])}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, err := w.Write([]byte(xml.Header)); err == nil {
		_ = xml.NewEncoder(w).Encode(d) // the phone went away
	}
}
