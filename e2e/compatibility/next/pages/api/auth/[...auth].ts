import { pagesAuth } from '../../../lib/auth';

export default pagesAuth.apiHandler;
