package boot_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/services"
)

// house builds a whole house in a throw-away folder.
func house(t *testing.T) *boot.House {
	t.Helper()
	h, err := boot.New(context.Background(), boot.Config{Services: services.All, Data: t.TempDir(), Origin: "http://localhost:8080"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func TestANewHouseIsReady(t *testing.T) {
	h := house(t)
	for _, path := range []string{"/livez", "/readyz"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "localhost:8080"
		h.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("%s answered %d: %s", path, w.Code, w.Body)
		}
	}
}
