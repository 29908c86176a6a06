package agent

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
)

// report tells the platform why the tool could not be read, in a stable word, so that its page of health says it. What the platform
// itself refused it knows.
func (a *Agent) report(ctx context.Context, err error) {
	code := reason(err)
	if codeOf(err) != "" || !strings.HasPrefix(code, "source.") && code != errGoneTool.Code && code != errNoAccess.Code {
		return
	}
	if err := a.client.ask(ctx, http.MethodPut, a.id.syncPath()+"/fault", map[string]string{"code": code}, nil); err != nil {
		a.logger.Info("the platform was not told of a failure", slog.String("reason", reason(err)))
	}
}
