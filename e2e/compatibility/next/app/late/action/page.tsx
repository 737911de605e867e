import { startLateWork } from './actions';

export default function Page() {
  return (
    <form action={startLateWork}>
      <button type="submit">start</button>
    </form>
  );
}
