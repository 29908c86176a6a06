package carddav

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/services/recognition/source/tool"
)

const all = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:urn:uuid:1\r\nFN:Maëlle Ker\r\n varec\r\nN:Kervarec;Maëlle\\, Anne;;;\r\nORG:Alizé\\; Fils;Ventes\r\nitem1.TEL;TYPE=CELL,VOICE:06 12 34 56 78\r\nTEL;TYPE=WORK;TYPE=FAX:01 42 00 00 01\r\nADR;TYPE=WORK:;;1 rue X;Brest;;29200;France\r\nNOTE:une ligne\\net une autre\r\nPHOTO;ENCODING=b:AAAA\r\n BBBB\r\nEND:VCARD\r\n" +
	"BEGIN:VCARD\r\nVERSION:4.0\r\nFN;LANGUAGE=fr:Îlse\r\nTEL;VALUE=uri;TYPE=\"voice,work\":tel:+33-1-42-00-00-00;ext=12\r\nTEL;VALUE=uri;PREF=1;TYPE=cell:TEL:%2B33612345679\r\nEND:VCARD\r\n" +
	"BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Kervarec;Ma=C3=ABlle=\n;;\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Ma=EBlle\nTEL;CELL;HOME:0612345670\nEND:VCARD"

func TestCardsOfAllVersionsAreRead(t *testing.T) {
	var got []tool.Record
	if err := cards(strings.NewReader(all), func(r tool.Record) error { got = append(got, r); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%d cards", len(got))
	}
	for i, want := range []string{
		"map[city:[Brest] company:[Alizé; Fils] country:[France] department:[Ventes] first_name:[Maëlle, Anne] last_name:[Kervarec] name:[Maëlle Kervarec] note:[une ligne\net une autre] phone:[06 12 34 56 78] phone_fax:[01 42 00 00 01] phone_mobile:[06 12 34 56 78] uid:[urn:uuid:1]]",
		"map[name:[Îlse] phone:[tel:+33-1-42-00-00-00;ext=12 tel:+33612345679] phone_mobile:[tel:+33612345679] phone_work:[tel:+33-1-42-00-00-00;ext=12]]",
		"map[first_name:[Maëlle] last_name:[Kervarec] name:[Maëlle] phone:[0612345670] phone_home:[0612345670] phone_mobile:[0612345670]]",
	} {
		if fmt.Sprint(got[i].Fields) != want {
			t.Errorf("card %d\n got %v\nwant %s", i+1, got[i].Fields, want)
		}
	}
	if got[0].Key != "urn:uuid:1" || got[1].Key == "" || got[1].Key == got[2].Key {
		t.Errorf("keys %q %q %q", got[0].Key, got[1].Key, got[2].Key)
	}
}

func TestABrokenFileOfCardsIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"cut":     "BEGIN:VCARD\nFN:a\n",
		"endless": "BEGIN:VCARD\n" + strings.Repeat("NOTE:x\n", mostLines+1) + "END:VCARD\n",
		"long":    "BEGIN:VCARD\nNOTE:" + strings.Repeat("x", mostLine+1) + "\nEND:VCARD\n",
	} {
		path := filepath.Join(t.TempDir(), "x.vcf")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, _ := tool.Parse("", []byte("file: "+path))
		f, err := OpenFile(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Read(t.Context(), func(tool.Record) error { return nil }); core.CodeOf(err) != "source.vcard_broken" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCards(f *testing.F) {
	f.Add(all)
	f.Add("BEGIN:VCARD\nTEL:\nEND:VCARD\n")
	f.Fuzz(func(t *testing.T, text string) {
		_ = cards(strings.NewReader(text), func(r tool.Record) error {
			if r.Key == "" {
				t.Error("a card has no key")
			}
			return nil
		})
	})
}
