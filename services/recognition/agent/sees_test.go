package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/source/announce"
)

// TestOnlyHeadingsOfNumbersAreAnnounced: a file whose first line is a contact or a text is told by its name alone.
func TestOnlyHeadingsOfNumbersAreAnnounced(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"clients.csv": "id;Nom;Téléphone\n1;canary;06 12 34 56 78\n", "letter.csv": "Dear canary;we write to you\n", "bare.csv": "canary;Le Goff\n", "cards.vcf": "BEGIN:VCARD\nFN:canary\nTEL:0612345678\nEND:VCARD\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := sees(t.Context(), announce.Asked{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, f := range found {
		told = append(told, fmt.Sprint(offered(f)))
	}
	text := strings.Join(told, "\n")
	if len(told) != 4 || strings.Contains(text, "canary") || strings.Contains(text, folder) || strings.Contains(text, "Goff") {
		t.Errorf("a value or a path is announced:\n%s", text)
	}
	if !strings.Contains(text, "clients.csv [id Nom Téléphone]") || !strings.Contains(text, "letter.csv []") {
		t.Errorf("%s", text)
	}
	if kind, s, err := chosen(t.Context(), announce.Asked{Folder: folder}, "clients.csv"); err != nil || kind != "csv" || s == nil {
		t.Errorf("what was announced is not opened: %v", err)
	}
	for _, other := range []string{"../clients.csv", folder + "/clients.csv", "none.csv"} {
		if _, _, err := chosen(t.Context(), announce.Asked{Folder: folder}, other); core.CodeOf(err) != "agent.tool_gone" {
			t.Errorf("%s is opened: %v", other, err)
		}
	}
	if _, err := sees(t.Context(), announce.Asked{}); core.CodeOf(err) != "agent.no_look" {
		t.Errorf("without a place to look at: %v", err)
	}
	if _, err := Read(filepath.Join(folder, "agent.yaml"), []byte("look: {databases: [{url: 'postgres://a:secret@db/crm'}], folders: x}\n")); err == nil || strings.Contains(err.Error(), "secret@") {
		t.Errorf("mistakes of look: %v", err)
	}
}
