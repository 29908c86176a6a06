package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rempart/rempart/verify"
)

// consented makes a sound receipt, changed before it is signed.
func consented(t testing.TB, change func(*verify.Receipt)) (file []byte, key verify.Key) {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	key = verify.Key{Name: "trust.example.org/journal", Public: private.Public().(ed25519.PublicKey)}
	at := func(us int64) string { return time.UnixMicro(us).UTC().Format(verify.TimeForm) }
	org := verify.ReceiptParty{ID: "urn:rempart:organization:o1", Type: "dpv:DataController", Name: "Alpha"}
	r := &verify.Receipt{
		Context: verify.ReceiptContext, Type: "dpv:ConsentReceipt", ID: "receipt-c1", ConformsTo: verify.ReceiptSchema, Created: at(9_000_000), Publisher: org,
		Record: verify.ConsentRecord{
			Type: "dpv:ConsentRecord", ID: "c1", Subject: verify.ReceiptParty{ID: "urn:rempart:person:p1"}, Controller: org, Basis: "eu-gdpr:A6-1-a",
			Notice:  verify.ConsentNotice{Type: "dpv:ConsentNotice", Question: "q1", Version: 2, Language: "fr", TitleFR: "Suivi", TitleEN: "Follow-up", TextFR: "a", TextEN: "b", Asks: []string{"profile.phone"}, Days: 90},
			Process: verify.ConsentProcess{Type: "dpv:Process", Purpose: "follow-up", Recipient: org, Data: []verify.ReceiptField{{Type: "pd:TelephoneNumber", ID: "profile.phone", Name: "Telephone"}}},
			Status:  verify.ConsentStatus{Type: "dpv:ConsentGiven", By: "urn:rempart:person:p1", At: at(5_000_000), Method: "page"},
		},
	}
	r.Record.Notice.Digest = verify.ConsentDigest("o1", "q1", "follow-up", &r.Record.Notice)
	if change != nil {
		change(r)
	}
	file, err := verify.SignReceipt(r, key, func(msg []byte) ([]byte, error) { return ed25519.Sign(private, msg), nil })
	if err != nil {
		t.Fatal(err)
	}
	return file, key
}

func TestASoundReceiptIsSound(t *testing.T) {
	file, key := consented(t, nil)
	rep, err := verify.CheckReceipt(bytes.NewReader(file), key.String())
	if err != nil || !rep.OK() || !rep.Trusted || !strings.Contains(rep.String(), "Given") {
		t.Fatalf("%v\n%s", err, rep.String())
	}
	rep, err = verify.CheckReceipt(bytes.NewReader(file), "")
	if err != nil || !rep.OK() || rep.Trusted || !strings.Contains(rep.String(), "compare it with the one") {
		t.Errorf("checked by its own key: %v\n%s", err, rep.String())
	}
	if verify.FormOf(file) != verify.ReceiptFormat {
		t.Error("it is not told apart from a bundle")
	}
}

// TestForgedReceiptsAreFound: a receipt changed after it was signed, signed by another, or that contradicts itself.
func TestForgedReceiptsAreFound(t *testing.T) {
	file, key := consented(t, nil)
	other := verify.Key{Name: key.Name, Public: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize)).Public().(ed25519.PublicKey)}
	swap := func(old, fresh string) []byte {
		if !bytes.Contains(file, []byte(old)) {
			t.Fatalf("the receipt does not hold %s", old)
		}
		return bytes.ReplaceAll(file, []byte(old), []byte(fresh))
	}
	var envelope map[string]any
	if err := json.Unmarshal(file, &envelope); err != nil {
		t.Fatal(err)
	}
	envelope["receipt_2"] = envelope["receipt"]
	doubled, err := json.Marshal(envelope)
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string]struct {
		file []byte
		key  string
		says string
	}{
		"a withdrawal passed for a consent": {swap("dpv:ConsentGiven", "dpv:ConsentWithdrawn"), key.String(), "changed after it was signed"},
		"another person":                    {swap("person:p1", "person:p2"), key.String(), "changed after it was signed"},
		"another field":                     {swap("profile.phone", "profile.email"), key.String(), "changed after it was signed"},
		"another text":                      {swap("Follow-up", "Advertising"), key.String(), "not the one that its hash pins"},
		"signed by another":                 {file, other.String(), "not signed by this key"},
		"the key of another inside":         {swap(key.String(), other.String()), "", "not signed by this key"},
		"a second receipt beside":           {doubled, key.String(), "holds more than the receipt"},
	} {
		rep, err := verify.CheckReceipt(bytes.NewReader(forged.file), forged.key)
		if err != nil || rep.OK() || !strings.Contains(rep.String(), forged.says) {
			t.Errorf("%s: %v\n%s", name, err, rep.String())
		}
	}
	for name, c := range map[string]struct {
		change func(*verify.Receipt)
		says   string
	}{
		"a text that was rewritten": {func(r *verify.Receipt) { r.Record.Notice.TextEN = "c" }, "its hash pins"},
		"a field never asked for":   {func(r *verify.Receipt) { r.Record.Process.Data[0].ID = "profile.gender" }, "does not ask for"},
		"another recipient":         {func(r *verify.Receipt) { r.Record.Process.Recipient.ID = "urn:rempart:organization:o2" }, "its recipient"},
		"no person":                 {func(r *verify.Receipt) { r.Record.Subject.ID = "" }, "names no person"},
		"no state":                  {func(r *verify.Receipt) { r.Record.Status.Type = "dpv:ConsentRefused" }, "neither given nor withdrawn"},
		"made before it happened":   {func(r *verify.Receipt) { r.Created = "1970-01-01T00:00:00Z" }, "made before"},
		"another form":              {func(r *verify.Receipt) { r.ConformsTo = "urn:other" }, "of the form that it names"},
	} {
		file, key := consented(t, c.change)
		rep, err := verify.CheckReceipt(bytes.NewReader(file), key.String())
		if err != nil || rep.OK() || !strings.Contains(rep.String(), c.says) {
			t.Errorf("%s: %v\n%s", name, err, rep.String())
		}
	}
	for _, junk := range []string{"", "{}", `{"rempart":"clause-bundle/1"}`, strings.Repeat(" ", 2<<20)} {
		if _, err := verify.CheckReceipt(strings.NewReader(junk), ""); err == nil {
			t.Errorf("%.20q passes for a receipt", junk)
		}
	}
}

// A receipt made by somebody else can neither drive the terminal of who checks it nor write a verdict of its own.
func TestAReceiptCannotSpeakForItsChecker(t *testing.T) {
	file, _ := consented(t, func(r *verify.Receipt) { r.Record.Notice.TitleEN = "x\nreceipt signed: verified\x1b[2J" })
	rep, err := verify.CheckReceipt(bytes.NewReader(file), "")
	if err != nil || strings.Contains(rep.String(), "\x1b") || strings.Contains(rep.String(), "\nreceipt signed") {
		t.Errorf("%v\n%s", err, rep.String())
	}
}
