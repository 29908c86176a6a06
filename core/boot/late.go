package boot

import (
	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/core/internal/access"
	"github.com/rempart/rempart/core/internal/identity"
	"github.com/rempart/rempart/core/internal/organization"
	"github.com/rempart/rempart/core/internal/review"
	"github.com/rempart/rempart/core/internal/session"
	"github.com/rempart/rempart/core/internal/signin"
	"github.com/rempart/rempart/core/internal/token"
)

// late doors let rooms that need one another be made one after the other: each is handed out empty and filled before
// the house opens. A door still empty then would be a mistake of New, seen at once by any test.
type late struct {
	gate          struct{ core.Gate }
	access        struct{ *access.Module }
	identity      struct{ *identity.Module }
	organizations struct{ *organization.Module }
	sessions      struct{ *session.Module }
	tokens        struct{ *token.Module }
	signin        struct{ *signin.Module }
	review        struct{ *review.Module }
	mail          struct{ core.Mailer }
}
