import { stdout } from 'node:process';
import { dim, duration, green, pad, red, width } from './style.ts';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const live = stdout.isTTY === true && process.env.TERM !== 'dumb';

export interface Progress {
  /** Shows the current activity. */
  update(detail: string): void;
  done(detail?: string): void;
  fail(detail?: string): void;
}

/** Prints one line that shows a task, its duration and its result. */
export function startProgress(title: string, columns = 20): Progress {
  const began = Date.now();
  let detail = '';
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;

  const draw = () => {
    const text = `  ${frames[frame++ % frames.length]} ${pad(title, columns)} ${dim(`${duration(Date.now() - began)}  ${detail}`)}`;
    const room = (stdout.columns ?? 80) - 1;
    stdout.write(
      `\r\u001b[2K${width(text) > room ? `${text.slice(0, room + (text.length - width(text)))}\u001b[0m` : text}`,
    );
  };
  const end = (mark: string, text: string) => {
    clearInterval(timer);
    if (live) stdout.write('\r\u001b[2K');
    stdout.write(
      `  ${mark} ${pad(title, columns)} ${text}${text ? '  ' : ''}${dim(duration(Date.now() - began))}\n`,
    );
  };

  if (live) {
    draw();
    timer = setInterval(draw, 100);
    timer.unref();
  } else {
    stdout.write(`  · ${title}\n`);
  }
  return {
    update(next) {
      if (next === detail) return;
      detail = next;
      if (!live) stdout.write(`    ${dim(next)}\n`);
    },
    done: (text = '') => end(green('✓'), text),
    fail: (text = '') => end(red('✗'), red(text)),
  };
}
