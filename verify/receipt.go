package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// ReceiptFormat is the value of "rempart" in the file of a receipt.
const ReceiptFormat = "consent-receipt/1"

// ReceiptSchema is the profile that a receipt follows: ISO/IEC TS 27560:2023 in the terms of the Data Privacy Vocabulary.
const ReceiptSchema = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr"

// ReceiptContext says which vocabulary each prefix of a receipt stands for (JSON-LD).
var ReceiptContext = map[string]string{
	"dct": "http://purl.org/dc/terms/", "dpv": "https://w3id.org/dpv#", "pd": "https://w3id.org/dpv/pd#", "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
	"schema": "https://schema.org/",
}

// ReceiptFile is a signed receipt. Note signs the receipt whole.
type ReceiptFile struct {
	Format  string          `json:"rempart"`
	Receipt json.RawMessage `json:"receipt"` // a Receipt; its hash is taken without the spaces between its tokens
	Note    string          `json:"note"`    // signed text of ReceiptBody
	Key     string          `json:"key"`     // for convenience: a check by the key of the file alone proves nothing
}

// Receipt is what a person consented to or withdrew, as JSON-LD. It holds no value of what they share.
type Receipt struct {
	Context    map[string]string `json:"@context"`
	Type       string            `json:"@type"` // dpv:ConsentReceipt
	ID         string            `json:"dct:identifier"`
	ConformsTo string            `json:"dct:conformsTo"` // ReceiptSchema
	Created    string            `json:"dct:created"`    // TimeForm
	Publisher  ReceiptParty      `json:"dct:publisher"`  // who runs the platform and signs
	Record     ConsentRecord     `json:"dpv:hasRecordOfActivity"`
}

// ReceiptParty is an organization.
type ReceiptParty struct {
	ID   string `json:"@id"`
	Type string `json:"@type,omitempty"`
	Name string `json:"dct:title,omitempty"`
	URL  string `json:"schema:url,omitempty"`
}

// ConsentRecord is the record that a receipt copies.
type ConsentRecord struct {
	Type       string          `json:"@type"` // dpv:ConsentRecord
	ID         string          `json:"dct:identifier"`
	Entry      string          `json:"dct:source,omitempty"` // of the journal
	Subject    ReceiptParty    `json:"dpv:hasDataSubject"`   // a pseudonym
	Controller ReceiptParty    `json:"dpv:hasDataController"`
	Basis      string          `json:"dpv:hasLegalBasis"` // eu-gdpr:A6-1-a
	Notice     ConsentNotice   `json:"dpv:hasNotice"`
	Process    ConsentProcess  `json:"dpv:hasProcess"`
	Status     ConsentStatus   `json:"dpv:hasConsentStatus"`
	Rights     []ReceiptRights `json:"dpv:hasRight"`
}

// ConsentNotice is the text that was shown, in both languages, with the hash that pins it.
type ConsentNotice struct {
	Type     string   `json:"@type"` // dpv:ConsentNotice
	Question string   `json:"dct:identifier"`
	Version  int64    `json:"dct:hasVersion"`
	Language string   `json:"dct:language"` // it was shown in
	TitleFR  string   `json:"title_fr"`
	TitleEN  string   `json:"title_en"`
	TextFR   string   `json:"text_fr"`
	TextEN   string   `json:"text_en"`
	Asks     []string `json:"asks"` // ids of the fields that it asks for
	Days     int      `json:"days"` // the longest that they are shared for
	Digest   string   `json:"sha256"`
}

// ConsentProcess is what is done on this consent.
type ConsentProcess struct {
	Type      string         `json:"@type"` // dpv:Process
	Purpose   string         `json:"dpv:hasPurpose"`
	Recipient ReceiptParty   `json:"dpv:hasRecipient"`
	Data      []ReceiptField `json:"dpv:hasPersonalData"`
	Storage   []StorageTime  `json:"dpv:hasStorageCondition,omitempty"`
}

// ReceiptField is one field that is shared.
type ReceiptField struct {
	Type string `json:"@type"` // its IRI in the vocabulary
	ID   string `json:"dct:identifier"`
	Name string `json:"dct:title"`
}

// StorageTime is until when a share lives at the most.
type StorageTime struct {
	Type  string `json:"@type"` // dpv:StorageDuration
	Until string `json:"dct:valid"`
}

// ConsentStatus is the event: given or withdrawn, by whom, when, by which way.
type ConsentStatus struct {
	Type   string `json:"@type"` // dpv:ConsentGiven, dpv:ConsentWithdrawn, dpv:ConsentExpired
	By     string `json:"dpv:isIndicatedBy"`
	At     string `json:"dpv:isIndicatedAtTime"`
	Method string `json:"dpv:hasIndicationMethod"`
}

// ReceiptRights says how a right is exercised.
type ReceiptRights struct {
	ID string `json:"@id"` // eu-gdpr:A7-3
	At string `json:"dpv:isExercisedAt"`
}

// ConsentDigest pins everything that a person is shown of one version of a question.
func ConsentDigest(org, question, purpose string, n *ConsentNotice) string {
	h := sha256.New()
	for _, part := range []string{
		"consent text 1", org, question, purpose, fmt.Sprint(n.Version), n.TitleFR, n.TitleEN, n.TextFR, n.TextEN, strings.Join(n.Asks, " "), fmt.Sprint(n.Days),
	} {
		fmt.Fprintf(h, "%d:%s\n", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ReceiptOrigin is the name under which a receipt is signed.
func ReceiptOrigin(key Key) string { return key.Name + "/consent" }

// ReceiptBody is the text signed over a receipt.
func ReceiptBody(key Key, receipt []byte) (string, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, receipt); err != nil {
		return "", err
	}
	sum := sha256.Sum256(b.Bytes())
	return ReceiptOrigin(key) + "\nconsent receipt\n" + base64.StdEncoding.EncodeToString(sum[:]) + "\n", nil
}

// SignReceipt makes the file of a receipt.
func SignReceipt(r *Receipt, key Key, sign func(msg []byte) ([]byte, error)) ([]byte, error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	body, err := ReceiptBody(key, raw)
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: body}, NewSigner(ReceiptOrigin(key), key.Public, sign))
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(ReceiptFile{ReceiptFormat, raw, string(signed), key.String()}, "", " ")
}

// ReceiptReport is the result of a check.
type ReceiptReport struct {
	Receipt
	Signer  Key
	Trusted bool     // checked by a key that was given, not by the one that the file brings
	Wrong   []string // what does not hold, in words; empty when the receipt is sound
}

// OK tells whether nothing is wrong with the receipt.
func (r *ReceiptReport) OK() bool { return len(r.Wrong) == 0 }

func (r *ReceiptReport) bad(format string, args ...any) {
	r.Wrong = append(r.Wrong, fmt.Sprintf(format, args...))
}

// String is for a console. What the file says stands on lines of its own and cannot drive the terminal.
func (r *ReceiptReport) String() string {
	var b printer
	rec := &r.Record
	b.line("consent %s: %s at %s", rec.ID, strings.TrimPrefix(rec.Status.Type, "dpv:Consent"), rec.Status.At)
	b.line("  person %s, to %s (%s), for %s", rec.Subject.ID, rec.Controller.Name, rec.Controller.ID, rec.Process.Purpose)
	b.line("  text %s version %d, shown in %s: %s", rec.Notice.Question, rec.Notice.Version, rec.Notice.Language, rec.Notice.TitleEN)
	for _, f := range rec.Process.Data {
		b.line("  shares %s", f.ID)
	}
	for _, s := range rec.Process.Storage {
		b.line("  until %s", s.Until)
	}
	if !r.Trusted {
		b.line("  checked by the key that the receipt brings, %s: compare it with the one that the provider publishes", r.Signer)
	}
	if r.OK() {
		b.line("receipt signed, its text is the one that its hash pins: verified")
		return b.String()
	}
	b.line("NOT what was signed:")
	for _, w := range r.Wrong {
		b.line("  %s", w)
	}
	return b.String()
}

// maxReceipt bounds a file.
const maxReceipt = 1 << 20

// CheckReceipt checks the receipt of a consent with the journal's public key (Key.String); with "" by the key that it brings,
// which the report says. The error is about a file that is no receipt; what is wrong with one stands in the report.
func CheckReceipt(in io.Reader, vkey string) (ReceiptReport, error) {
	var r ReceiptReport
	raw, err := io.ReadAll(io.LimitReader(in, maxReceipt+1))
	if err != nil {
		return r, err
	}
	var f ReceiptFile
	if len(raw) > maxReceipt || json.Unmarshal(raw, &f) != nil || f.Format != ReceiptFormat {
		return r, errors.New("verify: the file is no receipt of a consent")
	}
	// A second receipt beside the signed one, or anything else, would be read by whoever opens the file.
	var packed bytes.Buffer
	if again, err := json.Marshal(f); err != nil || json.Compact(&packed, raw) != nil || !bytes.Equal(again, packed.Bytes()) {
		r.bad("the file holds more than the receipt, its signature and a key")
	}
	r.Trusted = vkey != ""
	if !r.Trusted {
		vkey = f.Key
	}
	if r.Signer, err = ParseKey(vkey); err != nil {
		return r, err
	}
	if err := json.Unmarshal(f.Receipt, &r.Receipt); err != nil {
		return r, errors.New("verify: the receipt cannot be read")
	}
	body, err := ReceiptBody(r.Signer, f.Receipt)
	if err != nil {
		return r, errors.New("verify: the receipt cannot be read")
	}
	n, err := note.Open([]byte(f.Note), note.VerifierList(r.Signer.Verifier(ReceiptOrigin(r.Signer))))
	switch {
	case err != nil:
		r.bad("the receipt is not signed by this key")
	case n.Text != body:
		r.bad("the receipt was changed after it was signed")
	}
	r.says()
	return r, nil
}

// says checks that what is signed is a whole receipt that agrees with itself.
func (r *ReceiptReport) says() {
	rec := &r.Record
	if r.Type != "dpv:ConsentReceipt" || r.ConformsTo != ReceiptSchema || rec.Type != "dpv:ConsentRecord" {
		r.bad("it is not a receipt of the form that it names")
	}
	for name, value := range map[string]string{
		"record": rec.ID, "person": rec.Subject.ID, "organization": rec.Controller.ID, "purpose": rec.Process.Purpose, "question": rec.Notice.Question,
		"language": rec.Notice.Language, "legal basis": rec.Basis,
	} {
		if value == "" {
			r.bad("it names no %s", name)
		}
	}
	org := strings.TrimPrefix(rec.Controller.ID, "urn:rempart:organization:")
	if ConsentDigest(org, rec.Notice.Question, rec.Process.Purpose, &rec.Notice) != rec.Notice.Digest {
		r.bad("the text is not the one that its hash pins")
	}
	if !slices.Contains([]string{"dpv:ConsentGiven", "dpv:ConsentWithdrawn", "dpv:ConsentExpired"}, rec.Status.Type) {
		r.bad("it says neither given nor withdrawn")
	}
	if at, err := time.Parse(TimeForm, rec.Status.At); err != nil {
		r.bad("its time cannot be read")
	} else if made, err := time.Parse(TimeForm, r.Created); err != nil || made.Before(at) {
		r.bad("it was made before what it tells of")
	}
	for _, f := range rec.Process.Data {
		if !slices.Contains(rec.Notice.Asks, f.ID) {
			r.bad("it shares %s, which its text does not ask for", f.ID)
		}
	}
	if rec.Process.Recipient.ID != rec.Controller.ID {
		r.bad("its recipient is not the organization that asked")
	}
	slices.Sort(r.Wrong)
}

// FormOf tells what a file of ours is, by the word that it begins with ("rempart"): ReceiptFormat, BundleFormat; "" for any other.
func FormOf(file []byte) string {
	var f struct {
		Format string `json:"rempart"`
	}
	if len(file) > maxBundle || json.Unmarshal(file, &f) != nil {
		return ""
	}
	return f.Format
}
