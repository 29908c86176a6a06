package sourcetest_test

import (
	"testing"
	"time"

	"github.com/rempart/rempart/services/recognition/source/sourcetest"
)

// TestToolsStartInAMoment keeps the starters quick enough for the ordinary suite.
func TestToolsStartInAMoment(t *testing.T) {
	begun := time.Now()
	m := sourcetest.MariaDB(t)
	if err := m.Exec("", "CREATE DATABASE crm; CREATE TABLE crm.contact (id INT PRIMARY KEY)"); err != nil {
		t.Error(err)
	}
	maria := time.Since(begun)
	sourcetest.Slapd(t, "")
	slapd := time.Since(begun) - maria
	r := sourcetest.CardDAV(t)
	if _, err := r.Book("empty"); err != nil {
		t.Error(err)
	}
	if _, err := r.Book("one", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:Maëlle\r\nTEL:0612345678\r\nEND:VCARD\r\n"); err != nil {
		t.Error(err)
	}
	t.Logf("mariadbd %v, slapd %v, radicale %v", maria, slapd, time.Since(begun)-maria-slapd)
}
