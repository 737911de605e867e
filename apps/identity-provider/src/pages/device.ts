import { escapeHtml, type Page } from './layout.ts';

interface DeviceForm {
  readonly action: string;
  readonly antiForgeryToken: string;
}

const hidden = (name: string, value: string) =>
  `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`;

export function deviceCodePage(
  { action, antiForgeryToken }: DeviceForm,
  options: { readonly problem?: string | undefined; readonly userCode?: string | undefined },
): Page {
  const { problem, userCode = '' } = options;
  const invalid = problem === undefined ? '' : ' aria-invalid="true" aria-describedby="problem"';
  return {
    title: 'Connect a device',
    main: `<h1>Connect a device</h1>
<p class="muted">Enter the code that your device shows.</p>
<form method="post" action="${escapeHtml(action)}">${hidden('xsrf', antiForgeryToken)}
<div aria-live="polite">${problem === undefined ? '' : `<p class="problem" id="problem" role="alert">${escapeHtml(problem)}</p>`}</div>
<div class="field"><label for="user-code">Code</label>
<input id="user-code" class="code" name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus value="${escapeHtml(userCode)}"${invalid}></div>
<div class="actions"><button type="submit" class="primary">Continue</button></div></form>`,
  };
}

export function deviceConfirmPage(
  { action, antiForgeryToken }: DeviceForm,
  options: { readonly client: string; readonly userCode: string },
): Page {
  return {
    title: 'Connect a device',
    main: `<h1>Connect ${escapeHtml(options.client)}?</h1>
<p class="user-code">${escapeHtml(options.userCode)}</p>
<p class="note">Check that your device shows the same code. If it does not, or if you did not start this, cancel.</p>
<form method="post" action="${escapeHtml(action)}">${hidden('xsrf', antiForgeryToken)}${hidden('user_code', options.userCode)}${hidden('confirm', 'yes')}
<div class="actions"><button type="submit" class="primary">Connect</button>
<button type="submit" name="abort" value="yes">Cancel</button></div></form>`,
  };
}

export function deviceSuccessPage(client: string): Page {
  return {
    title: 'Device connected',
    main: `<h1>Connected</h1>
<p class="muted"><strong>${escapeHtml(client)}</strong> is signed in. Return to your device.</p>`,
  };
}
