package app

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rempart/rempart/verify"
)

// TestTheReceiptOfAConsentIsCheckedAnywhere: by the key alone, without an installation; a forged one ends with 1.
func TestTheReceiptOfAConsentIsCheckedAnywhere(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize)))
	key := verify.Key{Name: "trust.example.org/journal", Public: private.Public().(ed25519.PublicKey)}
	org := verify.ReceiptParty{ID: "urn:rempart:organization:o1", Name: "Alpha"}
	r := &verify.Receipt{
		Context: verify.ReceiptContext, Type: "dpv:ConsentReceipt", ID: "r1", ConformsTo: verify.ReceiptSchema, Created: "2026-11-22T10:00:01.000000Z", Publisher: org,
		Record: verify.ConsentRecord{
			Type: "dpv:ConsentRecord", ID: "c1", Subject: verify.ReceiptParty{ID: "urn:rempart:person:p1"}, Controller: org, Basis: "eu-gdpr:A6-1-a",
			Notice:  verify.ConsentNotice{Question: "q1", Version: 1, Language: "en", TitleFR: "Lettre", TitleEN: "Newsletter", TextFR: "a", TextEN: "b"},
			Process: verify.ConsentProcess{Purpose: "newsletter", Recipient: org}, Status: verify.ConsentStatus{Type: "dpv:ConsentGiven", At: "2026-11-22T10:00:00.000000Z"},
		},
	}
	r.Record.Notice.Digest = verify.ConsentDigest("o1", "q1", "newsletter", &r.Record.Notice)
	file, err := verify.SignReceipt(r, key, func(msg []byte) ([]byte, error) { return ed25519.Sign(private, msg), nil })
	if err != nil {
		t.Fatal(err)
	}
	receipt := write("receipt.json", string(file))
	c := console{t, write("nowhere.yaml", "data: "+filepath.Join(dir, "elsewhere")+"\n")}
	c.says(c.run(0, "verify", "--offline", receipt, "--key", key.String()), "verified")
	c.says(c.run(0, "verify", "--offline", receipt), "compare it with the one that the provider publishes")
	c.says(c.run(0, "verify", "--offline", receipt, "--key", key.String(), "--json"), `"sound": true`)
	forged := write("forged.json", strings.ReplaceAll(string(file), "dpv:ConsentGiven", "dpv:ConsentWithdrawn"))
	c.says(c.run(1, "verify", "--offline", forged, "--key", key.String()), "changed after it was signed")
	if _, err := os.Stat(filepath.Join(dir, "elsewhere")); err == nil {
		t.Error("an offline check made an installation")
	}
}
