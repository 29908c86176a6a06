package desk

import (
	"context"
	"errors"
	"time"
)

const appKey = `Software\Classes\AppUserModelId\` + toastApp

// OpenNotifier reaches the notices of Windows. It says under which name they are listed, and which command line takes a choice: for this
// person only, and anew at each start, since the program may stand elsewhere by then.
func OpenNotifier(folder, program string, args ...string) (Notifier, error) {
	for path, values := range map[string]map[string]string{
		appKey:                             {"DisplayName": "Rempart"},
		`Software\Classes\` + choiceScheme: {"": "Rempart", "URL Protocol": ""},
		`Software\Classes\` + choiceScheme + opens: {"": opener(program, args)},
	} {
		if err := set(path, values); err != nil {
			return nil, errors.Join(ErrNoNotices, err)
		}
	}
	n, err := openToasts(folder, func(act string, env ...string) error {
		ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
		defer stop()
		_, err := powershell(ctx, toastScript, append(env, toastAct+"="+act)...)
		return err
	})
	if err != nil {
		return nil, errors.Join(ErrNoNotices, err)
	}
	return n, nil
}
